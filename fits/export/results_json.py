"""Results of each mass with the key names of CASEUtils, the fit code of CMS EXO-22-026 (arXiv:2412.03747)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fits.checks.goodness_of_fit import chi_square_of_fit
from fits.fit import SpectrumFit, fit_signal
from fits.limits.asymptotic import UpperLimit
from fits.limits.mass_scan import LimitScan
from fits.signals import SignalShape
from fits.significance.asymptotic import Significance
from fits.significance.category_scan import CategoryScan
from fits.significance.mass_scan import MassPoint, MassPoints, MassScan

_EXPECTED_KEYS = (
    "exp_lim_2sig_low",
    "exp_lim_1sig_low",
    "exp_lim_events",
    "exp_lim_1sig_high",
    "exp_lim_2sig_high",
)


def results_by_mass(
    scan: MassScan,
    signal: Callable[[float], SignalShape],
    limits: LimitScan | None = None,
    expected: Sequence[Significance] | None = None,
) -> list[dict[str, Any]]:
    """One dictionary per mass; numbers of failed fits are None, those of limits exist only with `limits`.

    Keys: `mass`, `mjj_min`, `mjj_max` (GeV), `nPars_QCD` (shape parameters), `bkgfit_chi2`, `bkgfit_ndof`,
    `bkgfit_prob`, `bkgfit_frac_err` (relative error of the background at the mass), `bkg_fit_params` (values
    by name, `cov`), `sbfit_chi2`, `sbfit_ndof`, `sbfit_prob`, `signif`, `pval`, `obs_excess_events`,
    `obs_excess_events_unc`, `obs_lim_events`, `exp_lim_events`, `exp_lim_1sig_low`, `exp_lim_1sig_high`,
    `exp_lim_2sig_low`, `exp_lim_2sig_high`. Unlike in CASEUtils, ndof counts the normalisation, and `signif`
    is that of the signal exactly as given, without nuisance parameters, unless the scan had some.

    With `expected`, one per mass: `asimov_signif`, the median significance that a signal of
    `asimov_signif_events` events would have (`./run_analysis.py fit` takes those of `--expected-signal`, or
    of the median expected limit), with the uncertainties of the limits and all other parameters as fitted to
    the data (Combine's `-t -1 --toysFrequentist`), and how the fits for it ended, `asimov_status`.
    """
    return [
        _background_numbers(scan.null, point.mass)
        | _signal_numbers(point)
        | _goodness_with_signal(scan.null, signal, point)
        | beyond
        for point, beyond in zip(scan.points, _beyond(scan, limits, expected), strict=True)
    ]


def category_results_by_mass(
    scan: CategoryScan,
    alone: Mapping[str, list[dict[str, Any]]],
    limits: LimitScan | None = None,
    expected: Sequence[Significance] | None = None,
) -> list[dict[str, Any]]:
    """The same for several categories together, in events of the signal before categories share them.

    `alone` are the results of each category without the others, from `results_by_mass`; they are found under
    `categories`, with all keys of the background.
    """
    return [
        {"mass": point.mass}
        | _signal_numbers(point)
        | beyond
        | {"categories": {name: results[place] for name, results in alone.items()}}
        for place, (point, beyond) in enumerate(
            zip(scan.points, _beyond(scan, limits, expected), strict=True)
        )
    ]


def _beyond(
    scan: MassPoints, limits: LimitScan | None, expected: Sequence[Significance] | None
) -> list[dict[str, Any]]:
    """Numbers of limits and expected significances of each mass, as far as there are any."""
    nothing = (None,) * len(scan.points)
    pairs = zip(limits.limits if limits else nothing, expected or nothing, strict=True)
    return [
        (_limit_numbers(limit) if limit else {}) | (_asimov_numbers(significance) if significance else {})
        for limit, significance in pairs
    ]


def _background_numbers(null: SpectrumFit, mass: float) -> dict[str, Any]:
    numbers = {"mass": mass, "mjj_min": null.spectrum.low, "mjj_max": null.spectrum.high}
    numbers |= {"nPars_QCD": null.n_parameters - 1} | _goodness(null, "bkgfit")
    if not null.converged:
        return numbers | {"bkgfit_frac_err": None, "bkg_fit_params": None}
    parameters = null.result.parameters | {"cov": null.background_covariance.tolist()}
    error = float(null.relative_background_error(mass))
    return numbers | {"bkgfit_frac_err": error, "bkg_fit_params": parameters}


def _signal_numbers(point: MassPoint) -> dict[str, Any]:
    return {
        "fit_status": point.status,
        "fit_quality": point.quality,
        "signif": point.significance,
        "pval": point.local_p_value,
        "obs_excess_events": point.signal_yield,
        "obs_excess_events_unc": point.signal_yield_error,
    }


def _goodness_with_signal(
    null: SpectrumFit, signal: Callable[[float], SignalShape], point: MassPoint
) -> dict[str, Any]:
    if point.local_p_value is None:
        return dict.fromkeys(("sbfit_chi2", "sbfit_ndof", "sbfit_prob"))
    return _goodness(fit_signal(null, signal(point.mass), confirmation="none"), "sbfit")


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


def _asimov_numbers(expected: Significance) -> dict[str, Any]:
    return {
        "asimov_status": str(expected.status),
        "asimov_signif": expected.significance,
        "asimov_signif_events": expected.value,
    }
