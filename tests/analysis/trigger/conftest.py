"""A network that becomes firmware in seconds; those of the experiments are tests of the firmware."""

import pytest

from analysis.trigger.designs import DESIGNS, ENCODERS, variational
from firmware.networks.axol1tl import EncoderDesign


@pytest.fixture(scope="module")
def small_network():
    """Name of an encoder with 57 inputs, 4 hidden units and 2 latent means."""
    design = EncoderDesign((4,), 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENCODERS, "little", design)
        patch.setitem(DESIGNS, "little", variational(design))
        yield "little"
