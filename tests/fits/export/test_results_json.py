import json

import pytest

from fits.backgrounds import Dijet
from fits.checks.goodness_of_fit import chi_square_of_fit
from fits.export.results_json import category_results_by_mass, results_by_mass
from fits.fit import fit_signal
from fits.limits.mass_scan import scan_limits
from fits.results import FitStatus
from fits.significance.asymptotic import Significance
from fits.significance.category_scan import CategoryScan
from fits.significance.mass_scan import scan_masses
from tests.fits.search_models import one_spectrum

# fmt: off
KEYS = {
    "mass", "mjj_min", "mjj_max", "nPars_QCD", "signif", "pval", "obs_excess_events", "obs_excess_events_unc",
    "bkgfit_chi2", "bkgfit_ndof", "bkgfit_prob", "bkgfit_frac_err", "bkg_fit_params",
    "sbfit_chi2", "sbfit_ndof", "sbfit_prob", "obs_lim_events", "exp_lim_events",
    "exp_lim_1sig_low", "exp_lim_1sig_high", "exp_lim_2sig_low", "exp_lim_2sig_high", "asimov_signif",
}
# fmt: on


def test_keys_are_those_of_caseutils_and_numbers_those_of_the_fits(dijet_toy, signal):
    arguments = (dijet_toy(1e4, seed=71), Dijet(2), signal.scaled_to, [3000.0])
    scan, limits = scan_masses(*arguments), scan_limits(one_spectrum(*arguments[:3]), arguments[3])
    expected = [Significance(FitStatus.CONVERGED, 1.8, 0.04, 57.0)]
    (result,) = results_by_mass(scan, signal.scaled_to, limits, expected)
    assert set(result) >= KEYS
    assert json.loads(json.dumps(result)) == result
    assert result["nPars_QCD"] == 2
    assert result["signif"] == scan.points[0].significance
    assert result["sbfit_chi2"] == pytest.approx(
        chi_square_of_fit(fit_signal(scan.null, signal)).statistic, rel=1e-4
    )
    limit = limits.limits[0]
    assert (result["obs_lim_events"], result["exp_lim_events"]) == (limit.observed, limit.median)
    assert (result["asimov_signif"], result["asimov_signif_events"]) == (1.8, 57.0)
    assert result["exp_lim_2sig_low"] < result["exp_lim_1sig_low"] < result["exp_lim_events"]


def test_categories_together_have_their_own_numbers_and_those_of_each(dijet_toy, signal):
    scan = scan_masses(dijet_toy(1e4, seed=71), Dijet(2), signal.scaled_to, [3000.0])
    together = CategoryScan(scan.points, {"a": scan.null, "b": scan.null})
    alone = {name: results_by_mass(scan, signal.scaled_to) for name in "ab"}
    (result,) = category_results_by_mass(together, alone)
    assert result["signif"] == scan.points[0].significance
    assert result["categories"]["b"] == alone["b"][0]
    assert "asimov_signif" not in result


def test_failed_fits_leave_a_status_and_no_number(dijet_toy, signal, monkeypatch):
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 1)
    arguments = (dijet_toy(1e4, seed=61), Dijet(4), signal.scaled_to, [3000.0])
    (result,) = results_by_mass(
        scan_masses(*arguments), signal.scaled_to, scan_limits(one_spectrum(*arguments[:3]), arguments[3])
    )
    assert "not_converged" in result["fit_status"]
    for key in ("signif", "pval", "bkgfit_chi2", "sbfit_prob", "bkg_fit_params", "obs_lim_events"):
        assert result[key] is None
