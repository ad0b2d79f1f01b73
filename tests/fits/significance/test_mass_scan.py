import json

import numpy as np
import pytest
from scipy import stats

from errors import MaplessError
from fits.backgrounds import Dijet
from fits.fit import fit_background
from fits.results import FitStatus
from fits.signals import DoubleCrystalBall
from fits.significance.mass_scan import MassScan, discovery_significance, scan_masses
from fits.spectrum import Spectrum
from fits.toys import poisson_toys

MASSES = range(2000, 6001, 500)


@pytest.fixture(scope="module")
def with_excess(dijet_toy, signal):
    spectrum = dijet_toy(2e5, seed=20)
    excess = np.random.default_rng(20).poisson(250 * signal.bin_fractions(spectrum.edges))
    return scan_masses(Spectrum(spectrum.edges, spectrum.counts + excess), Dijet(3), signal.scaled_to, MASSES)


def test_excess_is_found_where_it_is(with_excess):
    best = with_excess.most_significant
    assert best.mass == 3000
    assert best.significance == pytest.approx(best.signal_yield / best.signal_yield_error, rel=0.05)
    assert best.local_p_value == pytest.approx(stats.norm.sf(best.significance))
    assert best.local_p_value < 1e-4
    assert with_excess.converged


def test_deficits_have_p_value_one_half(with_excess):
    deficits = [point for point in with_excess.points if point.signal_yield < 0]
    assert deficits
    assert {(point.local_p_value, point.significance) for point in deficits} == {(0.5, 0.0)}


def test_scan_becomes_columns_and_json(with_excess):
    assert with_excess.column("mass").tolist() == list(MASSES)
    stored = json.loads(json.dumps(with_excess.to_json()))
    assert stored["points"][2]["local_p_value"] == with_excess.points[2].local_p_value
    assert stored["background_fit"]["status"] == "converged"


def test_failed_mass_has_a_status_and_no_number(dijet_toy, signal, monkeypatch):
    spectrum = dijet_toy(2e5, seed=21)
    good = fit_background(spectrum, Dijet(3))
    monkeypatch.setattr("fits.significance.mass_scan.fit_background", lambda *_: good)
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 1)
    scan = scan_masses(spectrum, Dijet(3), signal.scaled_to, [3000])
    point = scan.points[0]
    assert point.status == FitStatus.NOT_CONVERGED
    assert (point.local_p_value, point.significance, point.signal_yield, point.signal_yield_error) == (
        None,
    ) * 4
    assert np.isnan(scan.column("local_p_value")[0])
    assert not scan.converged
    with pytest.raises(MaplessError, match="no fit of the mass scan converged"):
        _ = scan.most_significant


def test_failed_background_fit_leaves_no_number_at_any_mass(dijet_toy, signal, monkeypatch):
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 1)
    scan = scan_masses(dijet_toy(1e4, seed=22), Dijet(4), signal.scaled_to, [2500, 3000])
    assert [point.status for point in scan.points] == ["background-only fit not_converged"] * 2
    assert np.all(np.isnan(scan.column("significance")))


def test_mass_outside_the_spectrum_is_refused_before_any_fit(dijet_toy, signal):
    with pytest.raises(MaplessError, match=r"900, 9000 GeV are outside the spectrum \(1352 to 8000 GeV\)"):
        scan_masses(dijet_toy(1e4, seed=23), Dijet(3), signal.scaled_to, [900, 3000, 9000])


def test_signal_that_is_no_function_of_mass_is_refused(dijet_toy, signal):
    with pytest.raises(MaplessError, match=r"pass shape\.scaled_to"):
        scan_masses(dijet_toy(1e4, seed=23), Dijet(3), signal, [3000])


def test_no_mass_gives_an_empty_scan(dijet_toy, signal):
    scan = scan_masses(dijet_toy(1e4, seed=23), Dijet(3), signal.scaled_to, [])
    assert isinstance(scan, MassScan)
    assert not scan.points


@pytest.mark.parametrize(("signal_yield", "significance"), [(5.0, 2.0), (-5.0, 0.0), (0.0, 0.0)])
def test_only_excesses_are_significant(signal_yield, significance):
    assert discovery_significance(102.0, 100.0, signal_yield) == significance


def test_p_values_of_background_toys_are_uniform(dijet_toy, signal):
    """Half of the toys have a deficit and p = 0.5; the others fill 0 to 0.5 evenly."""
    truth = fit_background(dijet_toy(2e5, seed=24), Dijet(3))
    toys = poisson_toys(truth.expected_background(), 250, np.random.default_rng(24))
    p_values = np.array([one_p_value(truth.spectrum.edges, counts, signal) for counts in toys])
    assert len(p_values) == 250
    excesses = p_values[p_values < 0.5]
    assert stats.binomtest(len(excesses), 250, 0.5).pvalue > 0.01
    assert stats.kstest(excesses, "uniform", args=(0, 0.5)).pvalue > 0.01


def one_p_value(edges, counts, signal: DoubleCrystalBall) -> float:
    scan = scan_masses(Spectrum(edges, counts), Dijet(3), signal.scaled_to, [3000], confirmation="none")
    return scan.column("local_p_value")[0]
