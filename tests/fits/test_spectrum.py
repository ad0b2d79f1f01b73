import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import MaplessError
from fits.spectrum import Spectrum, coarse, dijet_edges, four_gev_edges, unweighted_spectrum


def test_values_are_counted_between_edges_and_dropped_outside():
    spectrum = Spectrum.from_values([999, 1000, 1099, 1100, 1250], [1000, 1100, 1200])
    assert spectrum.counts.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("edges", "counts", "complaint"),
    [
        ([1, 2, 2], [1, 1], "increasing"),
        ([1, np.nan, 3], [1, 1], "finite"),
        ([1], [], "two edges"),
        ([1, 2, 3], [1], "one count per bin"),
        ([1, 2, 3], [1, -1], "cannot be negative"),
        ([1, 2, 3], [1, np.inf], "infinity"),
    ],
)
def test_bad_spectrum_is_refused_in_one_line(edges, counts, complaint):
    with pytest.raises(MaplessError, match=complaint) as refusal:
        Spectrum(edges, counts)
    assert "\n" not in str(refusal.value)


def test_spectrum_cannot_be_changed_behind_its_back():
    counts = np.array([1.0, 2.0])
    spectrum = Spectrum([0, 1, 2], counts)
    counts[0] = 7
    assert spectrum.counts[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        spectrum.counts[0] = 3


def test_nan_masses_are_refused():
    with pytest.raises(MaplessError, match="NaN"):
        Spectrum.from_values([1500, np.nan], [1000, 2000])


@given(st.lists(st.integers(0, 20), min_size=1, max_size=40), st.integers(1, 30))
def test_merging_keeps_all_events_and_the_range_and_fills_every_bin(counts, minimum):
    spectrum = Spectrum(np.arange(len(counts) + 1), counts)
    merged = spectrum.merged(minimum)
    assert merged.total == spectrum.total
    assert (merged.low, merged.high) == (spectrum.low, spectrum.high)
    assert merged.n_bins == 1 or merged.counts.min() >= minimum


def test_rebinning_sums_fine_bins_and_refuses_new_edges():
    spectrum = Spectrum([0, 1, 2, 3, 4], [1, 2, 3, 4])
    assert spectrum.rebin([1, 3, 4]).counts.tolist() == [5, 4]
    with pytest.raises(MaplessError, match="2.5"):
        spectrum.rebin([0, 2.5, 4])


@pytest.mark.parametrize(("low", "rounded"), [(1460, 1460), (1461, 1460), (1462, 1464), (1530, 1532)])
def test_four_gev_edges_round_like_cms(low, rounded):
    edges = four_gev_edges(low, 2000)
    assert edges[0] == rounded
    assert set(np.diff(edges)) == {4.0}


def test_dijet_edges_are_the_published_ones():
    edges = dijet_edges()
    assert (len(edges), edges[0], edges[8], edges[-1]) == (36, 1460, 2132, 6800)
    assert np.all(np.diff(edges) / edges[:-1] > 0.03)
    assert dijet_edges(2000, 3000)[[0, -1]].tolist() == [2037, 2895]


def test_coarse_spectrum_has_all_events_in_resolution_wide_bins():
    fine = Spectrum(four_gev_edges(2200, 8000), np.ones(1450))
    bins = coarse(fine)
    assert bins.total == fine.total
    assert bins.low == 2200
    assert bins.edges[1] == 2232  # 2231 on the 4 GeV grid


@pytest.mark.parametrize(("low", "high"), [(300, 1400), (0, 500), (105, 160), (1500, 2500), (7000, 12000)])
def test_coarse_bins_cover_the_whole_range_of_a_fine_spectrum(low, high):
    fine = Spectrum(np.linspace(low, high, 1101), np.full(1100, 10.0))
    bins = coarse(fine)
    assert (bins.low, bins.high, bins.total) == (low, high, fine.total)
    assert bins.n_bins >= 20
    assert np.median(bins.widths / bins.centres) < 0.07


def test_equal_weights_give_events_and_unequal_ones_a_way_out():
    masses, edges = [1010.0, 1020.0, 1150.0, 5000.0], [1000.0, 1100.0, 1200.0]
    weights = np.full(4, 0.3, dtype=np.float32)
    assert unweighted_spectrum(masses, edges, weights).counts.tolist() == [2, 1]
    assert unweighted_spectrum([], edges, []).total == 0
    with pytest.raises(MaplessError, match="no Poisson likelihood; draw unweighted events"):
        unweighted_spectrum(masses, edges, [0.3, 0.3, 0.31, 0.3])
    with pytest.raises(MaplessError, match="3 weights for 4 masses"):
        unweighted_spectrum(masses, edges, [1, 1, 1])
