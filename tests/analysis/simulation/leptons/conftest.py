"""A small sample with leptons."""

import pytest

from analysis.simulation import SimulatedSample, simulate


@pytest.fixture(scope="session")
def top_pairs(tmp_path_factory: pytest.TempPathFactory) -> SimulatedSample:
    """80 top pairs with a lepton, without multiparton interactions."""
    output = tmp_path_factory.mktemp("leptons") / "top_pairs.root"
    return simulate("lepton_ttbar", 80, output=output, seed=5, workers=1, quality="tiny", max_constituents=20)
