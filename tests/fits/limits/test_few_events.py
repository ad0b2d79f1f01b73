import numpy as np
import pytest

from fits.backgrounds import Dijet, expected_counts
from fits.limits.asymptotic import LimitStatus, upper_limit
from fits.limits.few_events import FEW, background_under_peak, suited_upper_limit
from fits.limits.mass_scan import scan_limits
from fits.search_model import Process, SearchCategory, SearchModel
from fits.signals import DoubleCrystalBall, Gaussian
from fits.spectrum import Spectrum

EDGES = np.arange(1500.0, 5001.0, 50.0)
FALLING = expected_counts(Dijet(2), [0.0, 9.0, 6.0], EDGES)


def model(counts, mass):
    peak = Process(Gaussian(mass, 0.035 * mass, mass=mass))
    return SearchModel([SearchCategory("all", Spectrum(EDGES, counts), peak, Dijet(2))], "signal_yield")


def twenty(mass):
    """Twenty events, none above 2.1 TeV, and a signal of some mass."""
    counts = np.zeros(len(FALLING))
    counts[:12] = [4, 4, 3, 2, 2, 1, 1, 1, 1, 0, 0, 1]
    return model(counts, mass)


def test_without_events_near_the_mass_the_limit_is_three_events():
    profile = twenty(3500).profile_likelihood()
    assert upper_limit(profile).observed < 2.2
    limit = suited_upper_limit(profile, 200, np.random.default_rng(1))
    assert limit.status == LimitStatus.GOOD
    assert limit.observed == pytest.approx(3.0, abs=3 * limit.observed_error)
    assert 0 < limit.observed_error < 0.3
    assert list(limit.expected) == sorted(limit.expected)
    assert limit.n_toys == 200
    assert limit.background_under_peak < 0.1


def test_with_enough_background_formulae_are_used_and_said_to_be():
    counts = np.round(1e4 * FALLING / FALLING.sum())
    profile = model(counts, 2500).profile_likelihood()
    limit = suited_upper_limit(profile, 200, np.random.default_rng(1))
    assert (limit.observed, limit.n_toys) == (upper_limit(profile).observed, 0)
    assert limit.background_under_peak > FEW


def test_a_scan_takes_each_mass_as_it_is_and_workers_change_nothing():
    one = scan_limits(twenty, [1800, 3500], n_toys=30)
    assert [limit.n_toys for limit in one.limits] == [0, 30]
    two = scan_limits(twenty, [1800, 3500], n_toys=30, workers=2)
    assert [x.observed for x in two.limits] == pytest.approx([x.observed for x in one.limits], rel=1e-9)
    plain = scan_limits(twenty, [3500], n_toys=0).limits[0]
    assert (plain.n_toys, plain.observed < 2.2, plain.background_under_peak < FEW) == (0, True, True)


def test_background_under_a_gaussian_is_that_within_1_77_standard_deviations():
    flat = Spectrum(EDGES, np.full(len(FALLING), 10.0))
    narrow = Gaussian(3000, 150, mass=3000)
    category = SearchCategory("all", flat, Process(narrow, 0.3), Dijet(4))
    found = background_under_peak(SearchModel([category]).profile_likelihood())
    assert found == pytest.approx(10 / 50 * 2 * 1.77 * 150, rel=0.1)


def test_tails_beyond_all_background_and_small_clean_categories_do_not_count():
    counts = np.round(1e4 * FALLING / FALLING.sum())
    peak = DoubleCrystalBall(2500, 90, 1.2, 3, 1.2, 3, mass=2500)
    clean = Spectrum(EDGES, np.where(EDGES[1:] < 2000, 5.0, 0.0))
    categories = [
        SearchCategory("most", Spectrum(EDGES, counts), Process(peak, 0.97), Dijet(2)),
        SearchCategory("clean", clean, Process(peak, 0.03), Dijet(2)),
    ]
    for model in (SearchModel(categories[:1]), SearchModel(categories)):
        found = background_under_peak(model.profile_likelihood())
        assert counts[17:23].sum() < found < counts[13:27].sum()
