import json

import numpy as np
import pytest
from scipy import stats

from errors import MaplessError
from fits.backgrounds import Dijet
from fits.fit import fit_background
from fits.significance.bump_hunter import hunt_bumps, poisson_tail
from fits.significance.global_significance import GlobalStatus
from fits.spectrum import Spectrum, dijet_edges
from fits.toys import poisson_toys


@pytest.fixture(scope="module")
def background(dijet_toy):
    """Expectation of 2e5 events in dijet bins."""
    return fit_background(dijet_toy(2e5, seed=80).rebin(dijet_edges() // 4 * 4), Dijet(3))


def fitted(background, counts):
    return fit_background(Spectrum(background.spectrum.edges, counts), Dijet(3))


def naive_hunt(counts, expected, widths):
    """Smallest Poisson p-value of all windows, one by one."""
    best = (1.0, (0, 0))
    for width in widths:
        for first in range(len(counts) - width + 1):
            n, b = counts[first : first + width].sum(), expected[first : first + width].sum()
            best = min(best, (stats.poisson.sf(n - 1, b) if n > b else 1.0, (first, first + width)))
    return best


def test_result_is_that_of_a_naive_search(background):
    rng = np.random.default_rng(81)
    data, *toys = poisson_toys(background.expected_background(), 21, rng)
    widths = range(2, 7)
    found = hunt_bumps([fitted(background, data)], 0, rng, widths=widths, toys=[toys])
    references = [naive_hunt(c, fitted(background, c).expected_background(), widths) for c in (data, *toys)]
    p_value, (first, last) = references[0]
    edges = background.spectrum.edges
    assert found.best.local_p_value == pytest.approx(p_value, rel=1e-4)
    assert (found.best.low, found.best.high) == (edges[first], edges[last])
    assert found.best.observed == data[first:last].sum()
    assert found.toy_p_values == pytest.approx([reference[0] for reference in references[1:]], rel=1e-4)
    assert found.p_value == np.mean([reference[0] <= p_value for reference in references[1:]])


def test_p_values_are_uniform_for_background(background):
    rng = np.random.default_rng(82)
    data = poisson_toys(background.expected_background(), 100, rng)
    p_values = [hunt_bumps([fitted(background, counts)], 60, rng).p_value for counts in data]
    assert stats.kstest(p_values, "uniform").pvalue > 0.01


@pytest.mark.parametrize("deficits", [False, True])
def test_injected_bump_or_dip_is_found_where_it_is(background, signal, deficits):
    edges = background.spectrum.edges
    peak = signal.bin_fractions(edges)
    counts = background.expected_background() + (-600 if deficits else 600) * peak
    fit = fitted(background, np.round(counts))
    found = hunt_bumps([fit], 200, np.random.default_rng(83), deficits=deficits)
    assert found.p_value == 0
    assert found.significance is None
    assert found.interval[0] == 0 < found.interval[1] < 0.01
    assert found.best.low < 2970 < found.best.high
    assert found.best.high - found.best.low < 800
    assert (found.best.observed < found.best.expected) == deficits
    assert json.loads(json.dumps(found.to_json()))["bumps"][0]["low"] == found.best.low


def test_many_spectra_share_one_trial_factor(background, signal):
    rng = np.random.default_rng(84)
    counts = np.round(
        background.expected_background() + 180 * signal.bin_fractions(background.spectrum.edges)
    )
    with_bump = fitted(background, counts)
    others = [fitted(background, toy) for toy in poisson_toys(background.expected_background(), 4, rng)]
    one = hunt_bumps([with_bump], 1000, rng)
    five = hunt_bumps([with_bump, *others], 1000, rng)
    assert 0 < one.p_value < 0.2
    assert five.best == one.best
    assert len(five.bumps) == 5
    assert five.p_value == pytest.approx(1 - (1 - one.p_value) ** 5, rel=0.25)


def test_fine_bins_are_searched_at_coarse_edges(dijet_toy):
    fit = fit_background(dijet_toy(2e5, seed=85), Dijet(3))
    found = hunt_bumps([fit], 20, np.random.default_rng(85), edges=dijet_edges(), widths=[1, 3])
    assert found.best.low in fit.spectrum.edges
    assert np.abs(dijet_edges() - found.best.low).min() <= 2


def test_failed_toys_are_counted(background):
    toys = poisson_toys(background.expected_background(), 100, np.random.default_rng(86))
    toys[7] = 0
    found = hunt_bumps([background], 0, np.random.default_rng(86), toys=[toys])
    assert (found.status, found.n_failed, len(found.toy_p_values)) == (GlobalStatus.GOOD, 1, 99)
    toys[8] = 0
    found = hunt_bumps([background], 0, np.random.default_rng(86), toys=[toys])
    assert (found.status, found.p_value, found.best) == (GlobalStatus.TOO_MANY_FAILED_TOYS, None, None)


def test_windows_that_do_not_fit_are_refused(background):
    with pytest.raises(MaplessError, match=r"no window of \[100\] bins fits into 35"):
        hunt_bumps([background], 10, np.random.default_rng(1), widths=[100])


def test_tails_are_those_of_the_poisson_distribution():
    n, b = np.array([0.0, 2, 7, 400]), np.array([3.0, 2.5, 2.5, 300])
    expected = np.where(n > b, stats.poisson.sf(n - 1, b), 1)
    assert poisson_tail(n, b) == pytest.approx(expected, rel=1e-9)
    assert poisson_tail(n, b, deficits=True) == pytest.approx(np.where(n < b, stats.poisson.cdf(n, b), 1))
