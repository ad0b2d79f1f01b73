"""Falling distributions with two groups of processes and systematic shifts."""

import numpy as np
import pytest

from fits.region_scan.distribution import Distribution


def falling(n_events: float, n_bins: int = 25, name: str = "falling", seed: int = 1) -> Distribution:
    """A falling background of so many events, data drawn from it, and two uncertainties of 10 %."""
    edges = np.linspace(100.0, 1100.0, n_bins + 1)
    shape = np.exp(-np.arange(n_bins) / (0.25 * n_bins))
    total = n_events * shape / shape.sum()
    expected = np.array([0.7 * total, 0.3 * total])
    shifts = {"scale": 0.1 * total * np.linspace(-1, 1, n_bins), "luminosity": 0.1 * total}
    observed = np.random.default_rng(seed).poisson(total).astype(float)
    return Distribution(name, edges, observed, expected, 0.1 * np.sqrt(total), shifts)


@pytest.fixture
def distribution() -> Distribution:
    """500 events in 25 bins."""
    return falling(500.0)
