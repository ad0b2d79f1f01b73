"""A learnt ratio follows the true one, and its events add up."""

import numpy as np
import pytest

from errors import MaplessError
from models.density_ratio import DensityRatio


def test_the_ratio_of_two_falling_densities_is_learnt() -> None:
    rng = np.random.default_rng(1)
    below, above = rng.normal(0, 1, (20_000, 2)), rng.normal([0.5, 0], 1, (4_000, 2))
    learnt = DensityRatio().fit(below, above)
    at = np.array([[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    true = 0.2 * np.exp(0.5 * at[:, 0] - 0.125)
    assert learnt(at) == pytest.approx(true, rel=0.1)
    assert learnt(below).sum() == pytest.approx(4_000)


def test_weights_count_as_events() -> None:
    rng = np.random.default_rng(2)
    below, above = rng.normal(0, 1, (300, 1)), rng.normal(0, 1, (100, 1))
    twice = DensityRatio().fit(below, above, (np.ones(300), np.full(100, 2.0)))
    assert twice(below).sum() == pytest.approx(200)


def test_too_few_events_and_no_learning_are_refused() -> None:
    with pytest.raises(MaplessError, match="19 to 50 events cannot be learnt"):
        DensityRatio().fit(np.zeros((50, 1)), np.zeros((19, 1)))
    with pytest.raises(MaplessError, match="call fit first"):
        DensityRatio()(np.zeros((1, 1)))
