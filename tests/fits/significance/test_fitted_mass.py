"""The mass of an excess is the injected one within its error, and there is none without an excess."""

import numpy as np
import pytest

from fits.backgrounds import Dijet, expected_counts
from fits.search_model import Process, SearchCategory, SearchModel
from fits.signals import Gaussian
from fits.significance.fitted_mass import fitted_mass
from fits.spectrum import Spectrum

EDGES = np.geomspace(2000.0, 5000.0, 93)
SHAPE = expected_counts(Dijet(2), [0.0, 9.0, 6.0], EDGES)
FALLING = 2e4 * SHAPE / SHAPE.sum()
MASSES = np.arange(2850.0, 3250.0, 25.0)
TRUTH, WIDTH = 3050.0, 0.03


def peak(mass):
    return Gaussian(mass, WIDTH * mass)


def profile_of(counts):
    def profile_at(mass):
        category = SearchCategory("all", Spectrum(EDGES, counts), Process(peak(mass)), Dijet(2))
        return SearchModel([category]).profile_likelihood()

    return profile_at


def test_mass_and_yield_are_those_of_an_exact_excess():
    signal = 300 * peak(TRUTH).bin_fractions(EDGES)
    found = fitted_mass(profile_of(FALLING + signal), [*MASSES, 3300.0])
    assert found.mass == pytest.approx(TRUTH, abs=13)
    assert found.signal_yield == pytest.approx(300, rel=0.01)
    assert 3 < found.error_low < 25
    assert 3 < found.error_high < 25


def test_errors_cover_the_mass_as_often_as_they_say():
    rng = np.random.default_rng(5)
    signal = 300 * peak(TRUTH).bin_fractions(EDGES)
    pulls = []
    for _ in range(16):
        found = fitted_mass(profile_of(rng.poisson(FALLING + signal)), MASSES)
        error = found.error_low if found.mass > TRUTH else found.error_high
        pulls.append((found.mass - TRUTH) / error)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.5)
    assert np.mean(pulls) == pytest.approx(0.0, abs=0.75)


def test_without_an_excess_there_is_no_mass_and_at_an_end_no_error():
    assert fitted_mass(profile_of(FALLING - 20 * peak(TRUTH).bin_fractions(EDGES)), [TRUTH]) is None
    found = fitted_mass(profile_of(FALLING + 300 * peak(TRUTH).bin_fractions(EDGES)), [TRUTH, 3300.0])
    assert found.error_low is None
    assert found.error_high > 0
