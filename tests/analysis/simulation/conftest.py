"""Small samples shared by the tests of the simulation."""

from pathlib import Path

import numpy as np
import pytest
import uproot

from analysis.simulation import SimulatedSample, simulate

SIGNAL = {
    "resonance_mass": 3000,
    "y_mass": 170,
    "y_prime_mass": 400,
    "max_delta_eta": 1.3,
    "max_constituents": 50,
}


@pytest.fixture(scope="session")
def signal(tmp_path_factory: pytest.TempPathFactory) -> SimulatedSample:
    """300 signal events with constituents and generator quarks."""
    output = tmp_path_factory.mktemp("signal") / "signal.root"
    return simulate("x_to_yy", 300, seed=5, workers=1, quality="tiny", output=output, **SIGNAL)


def read(path: Path) -> dict[str, np.ndarray]:
    """All columns of a sample as awkward arrays."""
    arrays = uproot.open(path)["Events"].arrays()
    return {name: arrays[name] for name in arrays.fields}
