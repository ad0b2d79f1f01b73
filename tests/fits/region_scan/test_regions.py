"""Which regions are tested, and which are left out for which reason."""

from dataclasses import replace

import numpy as np
import pytest

from errors import MaplessError
from fits.region_scan.distribution import Distribution
from fits.region_scan.regions import Vetoes, allowed_regions


def of_four_bins(**changes: object) -> Distribution:
    """Ten events of two groups in each of four bins."""
    distribution = Distribution(
        "four",
        np.arange(5.0),
        np.full(4, 10.0),
        np.full((2, 4), 5.0),
        np.full(4, 1.0),
        {"scale": np.full(4, 1.0)},
    )
    return replace(distribution, **changes)


def bins(distribution: Distribution, **options: object) -> set[tuple[int, int]]:
    regions = allowed_regions(distribution, **options)
    return set(zip(regions.first.tolist(), regions.last.tolist(), strict=True))


def test_all_connected_regions_are_tested() -> None:
    assert bins(of_four_bins()) == {(first, last) for first in range(4) for last in range(first + 1, 5)}


def test_shifts_add_up_linearly_and_statistical_errors_in_squares() -> None:
    regions = allowed_regions(of_four_bins())
    whole = regions.last - regions.first == 4
    assert regions.mean[whole] == pytest.approx([40.0])
    assert regions.error[whole] == pytest.approx([np.sqrt(4 * 1.0 + 4.0**2)])


def test_data_without_simulation_are_not_tested() -> None:
    expected = np.full((2, 4), 5.0)
    expected[:, 3] = 0
    found = allowed_regions(of_four_bins(expected=expected, statistical=np.array([1.0, 1, 1, 0]), shifts={}))
    assert (3, 4) not in set(zip(found.first, found.last, strict=True))
    assert found.vetoed["no simulation"] == 1


def test_regions_that_end_in_an_empty_bin_are_those_before_it() -> None:
    expected, observed = np.full((2, 4), 5.0), np.array([10.0, 10.0, 0.0, 10.0])
    expected[:, 2] = 0
    found = bins(of_four_bins(expected=expected, observed=observed, statistical=np.array([1.0, 1, 0, 1])))
    assert (0, 3) not in found and (0, 2) in found and (0, 4) in found


def test_large_errors_are_vetoed() -> None:
    large = {"scale": np.array([1.0, 1.0, 1.0, 9.0])}
    assert (3, 4) not in bins(of_four_bins(shifts=large))
    assert (0, 4) in bins(of_four_bins(shifts=large))
    assert (3, 4) in bins(of_four_bins(shifts=large), vetoes=Vetoes(largest_error=(1.0, 1.0)))


def test_few_simulated_events_are_vetoed() -> None:
    few = of_four_bins(statistical=np.array([1.0, 1.0, 1.0, 6.5]), shifts={})
    loose = Vetoes(largest_error=(1.0, 1.0))
    assert allowed_regions(few, loose).vetoed["too few simulated events"] == 1


def test_negative_background_is_vetoed() -> None:
    expected = np.full((2, 4), 5.0)
    expected[:, 3] = [-1.0, 11.0]
    assert allowed_regions(of_four_bins(expected=expected)).vetoed["negative background"] == 1


def test_a_region_without_the_leading_background_of_its_neighbours_is_vetoed() -> None:
    expected = np.array([[9.0, 9.0, 0.0, 9.0], [1.0, 1.0, 10.0, 1.0]])
    found = bins(of_four_bins(expected=expected))
    assert (2, 3) not in found and (1, 3) in found
    assert (2, 3) in bins(of_four_bins(expected=expected), vetoes=Vetoes(neighbours=0))


def test_sleuth_takes_what_reaches_the_end_and_bump_hunter_windows() -> None:
    assert bins(of_four_bins(), statistic="sleuth") == {(0, 4), (1, 4), (2, 4), (3, 4)}
    assert bins(of_four_bins(), statistic="bump-hunter") == {(0, 2), (1, 3), (2, 4)}


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(MaplessError, match="four: statistical must be 4 finite numbers"):
        of_four_bins(statistical=np.ones(3))
