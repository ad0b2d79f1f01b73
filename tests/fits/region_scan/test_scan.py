"""Regions of interest and p-tilde of distributions whose answer is known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from fits.region_scan.distribution import Distribution
from fits.region_scan.local_p_values import FLOOR, LocalPValues
from fits.region_scan.pseudo_experiments import common_shifts, pseudo_experiments
from fits.region_scan.regions import allowed_regions
from fits.region_scan.scan import ScanSettings, scan
from tests.fits.region_scan.conftest import falling

FEW = ScanSettings(n_rounds=300, largest_n_rounds=300)


def test_tables_hold_what_the_integrals_give() -> None:
    for n_events in (3.0, 500.0, 1e6):
        one = falling(n_events)
        regions = allowed_regions(one)
        tables = LocalPValues(regions, "region-of-interest", "gaussian")
        rounds = pseudo_experiments(one, common_shifts(one.shifts, 30, 1), np.random.default_rng(2))
        exact = tables.exact(regions.counts(rounds)).min(axis=1)
        assert tables.smallest(rounds) == pytest.approx(exact, rel=1e-4)


@pytest.mark.parametrize("statistic", ["region-of-interest", "sleuth", "bump-hunter"])
def test_a_planted_excess_is_the_region_of_interest(statistic: str) -> None:
    one = falling(500.0)
    end = 25 if statistic == "sleuth" else 22
    observed = one.total.round()
    observed[20:end] += 4 if statistic == "sleuth" else 7
    (found,) = scan([replace(one, observed=observed)], replace(FEW, statistic=statistic))
    assert found.region is not None
    assert (found.region.first, found.region.last) == (20, end)
    assert found.region.observed > found.region.expected + 8
    assert found.p_tilde is not None and found.p_tilde < 0.1


def test_a_deficit_is_found_where_both_directions_count() -> None:
    one = falling(500.0)
    observed = one.total.round()
    observed[3:7] *= 0.65
    (found,) = scan([replace(one, observed=observed)], FEW)
    assert found.region is not None and (found.region.first, found.region.last) == (3, 7)
    assert found.region.observed < found.region.expected


def test_of_equal_regions_the_narrowest_is_taken() -> None:
    total = np.full((1, 6), 5.0)
    observed = np.array([5.0, 5.0, 60.0, 60.0, 5.0, 5.0])
    one = Distribution("tie", np.arange(7.0), observed, total, np.full(6, 0.1))
    (found,) = scan([one], FEW)
    assert found.region is not None
    assert found.region.p_value == FLOOR  # of many regions
    assert found.region.last - found.region.first == 1


def test_distributions_at_the_top_get_more_pseudo_experiments() -> None:
    one = falling(500.0)
    observed = one.observed.copy()
    observed[20:22] += 9
    settings = ScanSettings(n_rounds=200, largest_n_rounds=10_200, enough=10)
    (found, calm) = scan(
        [replace(one, observed=observed), replace(one, observed=one.total.round())], settings
    )
    assert found.n_rounds == 10_200 and calm.n_rounds == 200
    assert found.p_tilde is not None and found.p_tilde < 1 / 200
    assert len(found.smallest) == 200


def test_a_distribution_without_any_tested_region_has_no_p_tilde() -> None:
    one = falling(500.0)
    (found,) = scan([replace(one, statistical=10 * one.total)], FEW)
    assert found.region is None and found.p_tilde is None and found.n_regions == 0


def test_p_tilde_of_what_the_background_gives_is_uniform() -> None:
    drawn = [falling(300.0, n_bins=7, name=str(n)) for n in range(60)]
    shifts = {name: np.random.default_rng(7).standard_normal(60) for name in drawn[0].shifts}
    rounds = pseudo_experiments(drawn[0], shifts, np.random.default_rng(8))
    drawn = [replace(one, observed=counts) for one, counts in zip(drawn, rounds, strict=True)]
    p_tilde = [one.p_tilde for one in scan(drawn, FEW)]
    assert stats.kstest(p_tilde, "uniform").pvalue > 0.01


def test_p_tilde_of_few_counts_is_never_below_uniform() -> None:
    (found,) = scan([falling(1.5, n_bins=8)], FEW)
    of_rounds = np.sort(found.of_rounds())
    assert np.all(of_rounds >= (np.arange(300) + 1) / 300 - 1e-9)


def test_systematic_shifts_move_all_bins_and_distributions_together() -> None:
    one, other = falling(1e6, name="one"), falling(1e6, name="other")
    shifts = common_shifts(["luminosity", "scale"], 200, 1)
    totals = [
        pseudo_experiments(some, shifts, np.random.default_rng(seed)).sum(axis=1)
        for seed, some in enumerate((one, other))
    ]
    assert np.corrcoef(*totals)[0, 1] > 0.98
    assert np.std(totals[0]) / 1e6 == pytest.approx(0.12, rel=0.25)


def test_few_simulated_events_fluctuate_like_gamma_distributions() -> None:
    few = Distribution("few", np.arange(3.0), np.zeros(2), np.array([[4e4, 0.0]]), np.array([2e4, 0.0]))
    shifts = {"": np.zeros(4000)}
    gaussian, gamma = (
        pseudo_experiments(few, shifts, np.random.default_rng(3), simulation=kind)[:, 0]
        for kind in ("gaussian", "gamma")
    )
    for rounds in (gaussian, gamma):
        assert rounds.mean() == pytest.approx(4e4, rel=0.04)
        assert rounds.std() == pytest.approx(2e4, rel=0.06)
    assert stats.skew(gamma) == pytest.approx(1.0, abs=0.2)  # two over the root of four events
    assert gamma.min() > 0 and gaussian.min() == 0


def test_a_log_normal_prior_keeps_means_above_zero() -> None:
    one = falling(1e5)
    wide = replace(one, shifts={"luminosity": 1.0 * one.total}, statistical=np.zeros(25))
    rounds = pseudo_experiments(
        wide, {"luminosity": np.full(50, -3.0)}, np.random.default_rng(1), "log-normal"
    )
    assert rounds.sum(axis=1).mean() == pytest.approx(1e5 / 8, rel=0.01)
