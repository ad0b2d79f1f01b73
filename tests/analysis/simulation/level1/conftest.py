"""A small level-1 sample shared by the tests."""

import pytest

from analysis.simulation.level1 import Level1Sample, simulate


@pytest.fixture(scope="session")
def zero_bias(tmp_path_factory: pytest.TempPathFactory) -> Level1Sample:
    """6,000 zero-bias crossings at pile-up 50."""
    output = tmp_path_factory.mktemp("level1") / "zero_bias.root"
    return simulate("level1_zero_bias", 6000, output=output, seed=7, workers=1)
