"""An excess is described by where it stands out of what lies beside it."""

import numpy as np
import pytest

from analysis.stages.excess import peak_above


def test_a_peak_is_found_on_a_background_that_is_larger() -> None:
    rng = np.random.default_rng(3)
    background = rng.exponential(80, 4000) + 20
    signal = rng.normal(400, 25, 150)
    here = np.concatenate([rng.exponential(80, 3000) + 20, signal])
    found = peak_above(here, background, 3000, rng)
    assert found["value"] == pytest.approx(400, abs=3 * found["error"])
    assert 2 < found["error"] < 15
    # without subtracting, the background wins
    assert peak_above(here, background, 0, rng)["value"] < 150


def test_errors_of_a_peak_cover_it() -> None:
    pulls = []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        here = np.concatenate([rng.exponential(80, 100) + 20, 400 * np.exp(0.06 * rng.normal(size=150))])
        found = peak_above(here, rng.exponential(80, 2000) + 20, 100, rng)
        pulls.append((found["value"] - 400) / found["error"])
    assert 0.6 < np.sqrt(np.mean(np.square(pulls))) < 1.6
