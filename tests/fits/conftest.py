"""A dijet spectrum like that of CMS and a signal at 3 TeV, for all tests of the fits."""

import numpy as np
import pytest

from fits.backgrounds import Dijet, expected_counts
from fits.signals import DoubleCrystalBall
from fits.spectrum import Spectrum, four_gev_edges

# A three-parameter fit to 2e5 simulated events above 1.35 TeV gives about these values.
TRUTH = np.array([0.0, 10.657, 3.551, -0.3282])


@pytest.fixture(scope="session")
def dijet_toy():
    """Function (n_events, seed) -> Spectrum of 1,662 bins of 4 GeV that fluctuates about a dijet function."""
    edges = four_gev_edges(1352, 8000)
    shape = expected_counts(Dijet(3), TRUTH, edges)

    def toy(n_events: float, seed: int) -> Spectrum:
        return Spectrum(edges, np.random.default_rng(seed).poisson(n_events * shape / shape.sum()))

    return toy


@pytest.fixture(scope="session")
def signal():
    """A resonance at 3 TeV whose tails are those of a fit to simulation."""
    return DoubleCrystalBall(2970, 95, 1.19, 3.1, 1.77, 9.0, mass=3000)
