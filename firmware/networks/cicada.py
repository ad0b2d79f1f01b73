"""Networks of CICADA, the anomaly trigger on calorimeter regions of CMS (CMS-DP-2023-086).

Versions are those of the firmware (github.com/cms-hls4ml/CICADA).
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from firmware.networks.building_blocks import LayerTypes, cast, convolution, dense, truncated_dense
from firmware.networks.quantise import FixedPoint

if TYPE_CHECKING:
    import keras

REGIONS = (18, 14)
"""Calorimeter regions in phi and eta."""

SCORE = FixedPoint.parse("ap_ufixed<16,8,AP_RND_CONV,AP_SAT>")
_INPUTS = FixedPoint.parse("ap_fixed<11,11,AP_RND_CONV,AP_SAT>")  # 10 bits of ET; firmware wants a sign
_HIDDEN = LayerTypes.parse("ap_fixed<8,2>", "ap_fixed<8,4>", "ap_ufixed<10,6,AP_RND_CONV,AP_SAT>")
_OUTPUT = LayerTypes.parse("ap_fixed<12,4>", None, str(SCORE))
_FILTERS = LayerTypes.parse("ap_fixed<12,4>", None, "ap_ufixed<10,6,AP_RND_CONV,AP_SAT>")


@dataclass(frozen=True)
class StudentDesign:
    """Small network that estimates the loss of an autoencoder from region transverse energies.

    Args:
        hidden: units of the hidden layer.
        filters: filters of a first convolution with 2 x 2 windows side by side; 0 for none.
        inputs: type of the scaled inputs; with bits after the binary point regions are divided by a power of
            two without loss.
    """

    hidden: int
    filters: int = 0
    inputs: FixedPoint = _INPUTS

    def network(self) -> "keras.Model":
        """Make the untrained network on images of 18 x 14 regions, without filters on 252 numbers."""
        import keras

        shape = (*REGIONS, 1) if self.filters else (REGIONS[0] * REGIONS[1],)
        inputs = keras.Input(shape, name="inputs")
        x = cast(inputs, self.inputs, "input_type")
        if self.filters:
            x = convolution(x, self.filters, (2, 2), _FILTERS, "filters")
            x = keras.layers.Flatten(name="flat")(x)
        x = dense(x, self.hidden, _HIDDEN, "hidden")
        x = dense(x, 1, _OUTPUT, "output")
        return keras.Model(inputs, x)


VERSION_1P1P2 = StudentDesign(hidden=16)
VERSION_2P1P2 = StudentDesign(hidden=16, filters=4)

_EIGHTHS = FixedPoint.parse("ap_fixed<11,8,AP_RND_CONV,AP_SAT>")
TRAINED_VERSION_1P1P2 = replace(VERSION_1P1P2, inputs=_EIGHTHS)
TRAINED_VERSION_2P1P2 = replace(VERSION_2P1P2, inputs=_EIGHTHS)
"""For our own trainings: an eighth of each region keeps hard ones below where activations saturate."""


@dataclass(frozen=True)
class NormalisedDesign:
    """The first CICADA in the detector; its batch normalisation is a layer with one weight per unit."""

    hidden: int = 15

    def network(self) -> "keras.Model":
        """Make the network on 252 region transverse energies; only published weights fill it."""
        import keras

        inputs = keras.Input((REGIONS[0] * REGIONS[1],), name="inputs")
        x = cast(inputs, _INPUTS, "input_type")
        x = dense(x, self.hidden, LayerTypes.parse("ap_fixed<2,1>"), "hidden")
        x = dense(x, self.hidden, NORMALISATION, "normalisation")
        x = dense(x, 1, LayerTypes.parse("ap_fixed<4,1>", None, "ap_fixed<11,5>"), "output")
        return keras.Model(inputs, x)


NORMALISATION = LayerTypes.parse("ap_fixed<18,3>", "ap_fixed<21,3>", "ap_ufixed<5,2,AP_RND,AP_SAT>")
"""Types of the normalisation; its biases have three bits more than published, to shift ties upwards."""


@dataclass(frozen=True)
class TruncatingDesign:
    """Versions 2 and 2.1 in the detector, which cut off bits of every product before they add it up."""

    filters: int = 3
    hidden: int = 20

    def network(self) -> "keras.Model":
        """Make the network on images of 18 x 14 regions; only published weights fill it."""
        import keras

        relu = FixedPoint.parse("ap_ufixed<10,4,AP_RND,AP_SAT>")
        inputs = keras.Input((*REGIONS, 1), name="inputs")
        x = cast(inputs, _INPUTS, "input_type")
        filters = LayerTypes(FixedPoint(10, 0), FixedPoint(12, 1), relu)
        x = convolution(x, self.filters, (3, 2), filters, "filters")
        tie = relu.tie_shift(_INPUTS.fraction + filters.kernel.fraction)
        x = keras.layers.Flatten(name="flat")(x)
        hidden = LayerTypes(FixedPoint(14, 2), output=replace(relu, rounding="TRN"))
        x = truncated_dense(x, self.hidden, hidden, relu, FixedPoint(22, 8), "hidden")
        output = LayerTypes(FixedPoint(12, 2), output=FixedPoint(16, 8, signed=False))
        x = truncated_dense(x, 1, output, relu, FixedPoint(17, 8), "output")
        network = keras.Model(inputs, x)
        layer = network.get_layer("filters")
        layer.set_weights([layer.get_weights()[0], np.full(self.filters, tie)])
        return network
