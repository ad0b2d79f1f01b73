"""Results of each mass with the key names of CASEUtils, the fit code of CMS EXO-22-026 (arXiv:2412.03747)."""

from collections.abc import Callable
from typing import Any

from fits.checks.goodness_of_fit import chi_square_of_fit
from fits.fit import SpectrumFit, fit_signal
from fits.limits.asymptotic import UpperLimit
from fits.limits.mass_scan import LimitScan
from fits.signals import SignalShape
from fits.significance.mass_scan import MassPoint, MassScan

_EXPECTED_KEYS = (
    "exp_lim_2sig_low",
    "exp_lim_1sig_low",
    "exp_lim_events",
    "exp_lim_1sig_high",
    "exp_lim_2sig_high",
)


def results_by_mass(
    scan: MassScan, signal: Callable[[float], SignalShape], limits: LimitScan | None = None
) -> list[dict[str, Any]]:
    """One dictionary per mass; numbers of failed fits are None, those of limits exist only with `limits`.

    Keys: `mass`, `mjj_min`, `mjj_max` (GeV), `nPars_QCD` (shape parameters), `bkgfit_chi2`, `bkgfit_ndof`,
    `bkgfit_prob`, `bkgfit_frac_err` (relative error of the background at the mass), `bkg_fit_params` (values
    by name, `cov`), `sbfit_chi2`, `sbfit_ndof`, `sbfit_prob`, `signif`, `pval`, `obs_excess_events`,
    `obs_excess_events_unc`, `obs_lim_events`, `exp_lim_events`, `exp_lim_1sig_low`, `exp_lim_1sig_high`,
    `exp_lim_2sig_low`, `exp_lim_2sig_high`. Unlike in CASEUtils, ndof counts the normalisation.
    """
    upper = limits.limits if limits else (None,) * len(scan.points)
    return [
        _background_numbers(scan.null, point.mass)
        | _signal_numbers(scan.null, signal, point)
        | (_limit_numbers(limit) if limit else {})
        for point, limit in zip(scan.points, upper, strict=True)
    ]


def _background_numbers(null: SpectrumFit, mass: float) -> dict[str, Any]:
    numbers = {"mass": mass, "mjj_min": null.spectrum.low, "mjj_max": null.spectrum.high}
    numbers |= {"nPars_QCD": null.n_parameters - 1} | _goodness(null, "bkgfit")
    if not null.converged:
        return numbers | {"bkgfit_frac_err": None, "bkg_fit_params": None}
    parameters = null.result.parameters | {"cov": null.background_covariance.tolist()}
    error = float(null.relative_background_error(mass))
    return numbers | {"bkgfit_frac_err": error, "bkg_fit_params": parameters}


def _signal_numbers(
    null: SpectrumFit, signal: Callable[[float], SignalShape], point: MassPoint
) -> dict[str, Any]:
    numbers = {
        "fit_status": point.status,
        "signif": point.significance,
        "pval": point.local_p_value,
        "obs_excess_events": point.signal_yield,
        "obs_excess_events_unc": point.signal_yield_error,
    }
    if point.local_p_value is None:
        return numbers | dict.fromkeys(("sbfit_chi2", "sbfit_ndof", "sbfit_prob"))
    return numbers | _goodness(fit_signal(null, signal(point.mass), confirmation="none"), "sbfit")


def _goodness(fit: SpectrumFit, prefix: str) -> dict[str, Any]:
    goodness = chi_square_of_fit(fit)
    return {
        f"{prefix}_chi2": goodness.statistic,
        f"{prefix}_ndof": goodness.n_degrees_of_freedom,
        f"{prefix}_prob": goodness.p_value,
    }


def _limit_numbers(limit: UpperLimit) -> dict[str, Any]:
    expected = limit.expected or (None,) * len(_EXPECTED_KEYS)
    numbers = {"limit_status": str(limit.status), "obs_lim_events": limit.observed}
    return numbers | dict(zip(_EXPECTED_KEYS, expected, strict=True))
