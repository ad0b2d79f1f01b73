import numpy as np
import pytest
from scipy import stats

from errors import MaplessError
from fits.backgrounds import Dijet
from fits.fit import fit_background
from fits.significance.global_significance import (
    GlobalStatus,
    SpectrumSearch,
    global_significance,
    upcrossings_p_value,
)
from fits.significance.mass_scan import scan_masses
from fits.significance.raked_toys import raked_toys
from fits.spectrum import Spectrum, coarse
from fits.toys import poisson_toys

MASSES = np.arange(1800.0, 6000.0, 100.0)


@pytest.fixture(scope="module")
def search(dijet_toy, signal):
    """Wide bins: as many mass hypotheses as in fine ones, for less time."""
    spectrum = coarse(dijet_toy(2e5, seed=60), minimum=1)
    return SpectrumSearch(
        fit_background(spectrum, Dijet(3)), tuple(signal.scaled_to(mass) for mass in MASSES)
    )


@pytest.fixture(scope="module")
def toy_search(search):
    return global_significance([search], 1000, np.random.default_rng(60))


def test_both_ways_agree_where_excesses_are_rare(toy_search):
    """The formula holds for the tail: at 2.5 standard deviations 1000 toys still have 10 % precision."""
    for largest in (2.0, 2.5, 3.0):
        above = int(np.count_nonzero(toy_search.toy_maxima >= largest))
        formula = upcrossings_p_value(largest, toy_search.upcrossing_rates, 0.7)
        error = np.hypot(np.sqrt(above) / 1000, 0.1 * formula)
        assert above / 1000 == pytest.approx(formula, abs=3 * error)


def test_observed_significance_is_that_of_the_mass_scan(search, toy_search):
    scan = scan_masses(
        search.null.spectrum, Dijet(3), lambda mass: search.signals[int(mass - 1800) // 100], MASSES
    )
    assert toy_search.local_significance == pytest.approx(scan.most_significant.significance, rel=1e-4)
    assert toy_search.status == GlobalStatus.GOOD
    assert toy_search.n_failed == 0
    assert toy_search.interval[0] < toy_search.p_value < toy_search.interval[1]
    at_least_as_large = toy_search.toy_maxima >= toy_search.local_significance
    assert toy_search.p_value == np.mean(at_least_as_large)
    assert toy_search.trial_factor > 1
    assert toy_search.to_json()["extrapolated"] is False
    assert toy_search.to_json()["significance"] == pytest.approx(stats.norm.isf(toy_search.p_value))


def test_large_excess_that_no_toy_reaches_is_judged_by_the_formula(search, signal):
    spectrum = search.null.spectrum
    counts = search.null.expected_background() + 400 * signal.bin_fractions(spectrum.edges)
    with_signal = SpectrumSearch(
        fit_background(Spectrum(spectrum.edges, counts), Dijet(3)), search.signals[::4]
    )
    result = global_significance([with_signal], 50, np.random.default_rng(1))
    assert result.p_value == 0.0
    assert result.interval[1] < 0.05
    assert 0 < result.upcrossings_p_value < 1e-5
    assert 4 < result.significance < result.local_significance
    assert result.to_json()["extrapolated"] is True


def test_p_values_are_uniform_for_background(search):
    """The significance of a toy among the maxima of all others."""
    rng = np.random.default_rng(62)
    counts = poisson_toys(search.null.expected_background(), 40, rng)
    few = search.signals[::6]
    p_values = [
        global_significance(
            [SpectrumSearch(fit_background(Spectrum(search.null.spectrum.edges, toy), Dijet(3)), few)],
            60,
            rng,
        ).p_value
        for toy in counts
    ]
    assert stats.kstest(p_values, "uniform").pvalue > 0.01


def test_several_spectra_share_one_trial_factor(search):
    """Two independent spectra with the same observed excess have twice the chances of one."""
    few = SpectrumSearch(search.null, search.signals[::4])
    one = global_significance([few], 400, np.random.default_rng(3))
    two = global_significance([few, few], 400, np.random.default_rng(3))
    assert two.p_value == pytest.approx(1 - (1 - one.p_value) ** 2, abs=0.1)
    assert two.upcrossings_p_value == pytest.approx(1 - (1 - one.upcrossings_p_value) ** 2, rel=0.2)


def test_spectra_of_the_same_events_have_no_more_chances_than_one(search):
    few = SpectrumSearch(search.null, search.signals[::4])
    events = few.counts.sum(keepdims=True)
    same = raked_toys([[True, True]], events, [few.expected()] * 2, 100, np.random.default_rng(4))
    both = global_significance([few, few], 100, np.random.default_rng(4), toys=same)
    one = global_significance([few], 100, np.random.default_rng(4), toys=same[:1])
    assert both.p_value == one.p_value


def test_failed_toys_are_counted_and_too_many_leave_no_number(search):
    counts = poisson_toys(search.null.expected_background(), 200, np.random.default_rng(6))
    few = SpectrumSearch(search.null, search.signals[:2])
    counts[0] = 0
    result = global_significance([few], 200, np.random.default_rng(6), toys=[counts])
    assert (result.status, result.n_failed, len(result.toy_maxima)) == (GlobalStatus.GOOD, 1, 199)
    counts[:5] = 0
    result = global_significance([few], 200, np.random.default_rng(6), toys=[counts])
    assert (result.status, result.n_failed) == (GlobalStatus.TOO_MANY_FAILED_TOYS, 5)
    assert result.p_value is result.significance is result.trial_factor is None


def test_no_toys_or_no_signals_are_refused(search):
    with pytest.raises(MaplessError, match="0 toys"):
        global_significance([search], 0, np.random.default_rng(1))
    with pytest.raises(MaplessError, match="at least one signal"):
        global_significance([SpectrumSearch(search.null, ())], 10, np.random.default_rng(1))
