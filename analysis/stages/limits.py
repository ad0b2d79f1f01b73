"""Stage `limits`: limits on the cross section of a signal, and the cross sections that would be discovered.

The efficiency of a hunt that learns from the data depends on the signal in them. So it is measured with
signals of several cross sections injected, trained on again each time (CMS EXO-22-026, arXiv:2412.03747); the
limit on the number of events is that of the data without them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import read_json, write_json
from analysis.search import MassSpectrum
from analysis.stages.data_set import DataSet
from analysis.stages.fit import RESULTS, signal_uncertainties
from analysis.stages.measured_signal import MeasuredSignal, fitted_shape, measured_signal
from errors import MaplessError
from fits.likelihood.profile import ProfileLikelihood
from fits.limits.asymptotic import LimitStatus, UpperLimit
from fits.limits.few_events import suited_upper_limit
from fits.limits.mass_scan import SignalUncertainties
from fits.limits.weak_supervision import (
    InjectedEfficiencies,
    weak_supervision_limit,
    weak_supervision_reach,
)
from fits.search_model import SearchModel
from fits.significance.asymptotic import expected_significance
from fits.significance.discovery_reach import discovery_reach
from fits.stored_model import model_from_json

LIMITS = "limits.json"
REACH = (3.0, 5.0)
"""Expected significances whose cross sections are given."""

_SMALLEST_SHARE = 1e-6  # of a category that an injection puts no signal into


@dataclass(frozen=True)
class InjectedPoint:
    """A cross section (fb) that was injected, and the names of the cut stages that learnt with it."""

    cross_section: float
    cuts: tuple[str, ...]


@dataclass(frozen=True)
class TestedFit:
    """A fit whose hypotheses include the mass of the signal.

    Args:
        name: of the fit.
        spectrum: that was fitted.
        signal: the selected signal events.
        points: injections that a hunt learnt with, in order of their cross sections.
        cut: the cut stage of a hunt that does not learn from the signal; none for a fit of all events.
        systematic: relative error of its efficiency, beyond statistics and training.
    """

    name: str
    spectrum: MassSpectrum
    signal: DataSet
    points: tuple[InjectedPoint, ...] = ()
    cut: str | None = None
    systematic: float = 0.0


def limits(job: Job, tools: Tools) -> None:
    """Write `limits.json`: for each part of the fit, limits and discovery reach in fb.

    `n_toys` are those of limits with few events under the peak, zero for asymptotic formulae.

    Arguments: `signal` and `data` (samples), `rule` of the limit, `tested` (TestedFit), `settings` (of fits).
    """
    signal, data = job.arguments["signal"], job.arguments["data"]
    tested: TestedFit = job.arguments["tested"]
    stored = read_json(job.after["fit"] / RESULTS)
    parts = [
        part
        for part in stored["parts"]
        if "limits" in part["purposes"]
        and "error" not in part["search"]
        and signal.mass in [point["mass"] for point in part["search"]["scan"]["points"]]
    ]
    head = {
        "fit": tested.name,
        "spectrum": stored["spectrum"],
        "hunt": stored["hunt"],
        "window": stored["window"],
        "traditional": bool(tested.spectrum.made_for),
        "systematic": tested.systematic,
    }
    found = []
    cuts = [tested.cut] if tested.cut else [cut for point in tested.points for cut in point.cuts]
    for done, part in enumerate(parts, start=1):
        shape = fitted_shape(job, tested.spectrum, tested.signal, cuts, part["masks"])
        if shape is not None:
            part["search"]["signal"] = shape
        one = _with_injections(job, tested, part) if tested.points else _constant(job, tested, part)
        found.append(head | {"part": part["name"]} | one)
        tools.progress(done, len(parts))
    content = {"signal": signal.name, "mass": signal.mass, "data": data.name, "luminosity": data.luminosity}
    write_json(job.folder / LIMITS, content | {"found": found})


def _constant(job: Job, tested: TestedFit, part: Mapping[str, Any]) -> dict[str, Any]:
    """Limit and reach where the efficiency is the same, whatever is in the data."""
    cuts = (tested.cut,) if tested.cut else ()
    one = measured_signal(job, tested.spectrum, tested.signal, cuts, part["masks"])
    if not one.efficiency:
        if not cuts:
            raise MaplessError(f"no event of {tested.signal.name} is in the spectrum {tested.spectrum.name}")
        return {"efficiencies": [_point(None, one)], "n_toys": 0} | _nothing()
    per_fb = {
        name: max(efficiency, _SMALLEST_SHARE * one.efficiency) * job.arguments["data"].luminosity
        for name, efficiency in one.efficiencies.items()
    }
    error = min(float(np.hypot(one.error / one.efficiency, tested.systematic)), 1.0)
    model = _model(job, part, per_fb, error, "cross_section")
    profile = model.profile_likelihood()
    limit, reach = _limit(job, profile), discovery_reach(profile, REACH)
    return {
        "efficiencies": [_point(None, one) | {"error": error * one.efficiency}],
        "limit": limit.to_json(),
        "n_toys": limit.n_toys,
        "reach": _reach(reach.status, reach.values),
    }


def _with_injections(job: Job, tested: TestedFit, part: Mapping[str, Any]) -> dict[str, Any]:
    """Limit and reach from efficiencies and shares of the categories at every injected cross section."""
    found = [
        measured_signal(job, tested.spectrum, tested.signal, point.cuts, part["masks"])
        for point in tested.points
    ]
    values = np.array([one.efficiency for one in found])
    errors = values * _relative_errors(found, tested.systematic)
    efficiencies = InjectedEfficiencies(
        np.array([point.cross_section for point in tested.points]), values, errors
    )
    luminosity = job.arguments["data"].luminosity
    shares = [_shares(one) for one in found]
    uncertain = [
        _model(job, part, own, error).profile_likelihood()
        for own, error in zip(shares, efficiencies.relative_errors.tolist(), strict=True)
    ]
    limits = [_limit(job, profile) for profile in uncertain]
    significances = [_significance(_model(job, part, own).profile_likelihood()) for own in shares]
    limit = weak_supervision_limit(efficiencies, limits, luminosity, rule=job.arguments["rule"])
    reach = weak_supervision_reach(efficiencies, significances, luminosity, REACH)
    expected = reach.expected or (None,) * len(found)
    return {
        "efficiencies": [
            _point(point, one)
            | {"shares": own, "error": error, "excluded": excluded.median, "significance": significance}
            for point, one, own, error, excluded, significance in zip(
                tested.points, found, shares, errors.tolist(), limits, expected, strict=True
            )
        ],
        "limit": limit.to_json(),
        "n_toys": max(one.n_toys for one in limits),
        "reach": _reach(reach.status, reach.cross_sections),
    }


def _relative_errors(found: Sequence[MeasuredSignal], systematic: float) -> np.ndarray:
    """Of efficiencies (n,): by simulated events, training and systematics in quadrature.

    That of the training is the largest where several were done, and counts for all.
    """
    totals = np.array([max(one.efficiency, 1e-300) for one in found])
    statistical = np.array([one.error for one in found]) / totals
    training = max((one.training_error or 0.0) / total for one, total in zip(found, totals, strict=True))
    return np.asarray(np.minimum(np.sqrt(statistical**2 + training**2 + systematic**2), 1.0))


def _point(point: InjectedPoint | None, one: MeasuredSignal) -> dict[str, Any]:
    return {
        "cross_section": point and point.cross_section,
        "n_trainings": len(point.cuts) if point else 1,
        "efficiency": one.efficiency,
        "error": one.error,
        "statistical_error": one.error,
        "training_error": one.training_error,
    }


def _shares(one: MeasuredSignal) -> dict[str, float] | None:
    """Fractions of the selected signal in each category, None where nothing is selected."""
    if not one.efficiency:
        return None
    return {name: max(own / one.efficiency, _SMALLEST_SHARE) for name, own in one.efficiencies.items()}


def _nothing() -> dict[str, Any]:
    return {
        "limit": UpperLimit(LimitStatus.NO_LIMIT, 0.95).to_json(),
        "reach": _reach(LimitStatus.NO_LIMIT, None),
    }


def _reach(status: LimitStatus, values: Sequence[float | None] | None) -> dict[str, Any]:
    return {"status": str(status), "significances": REACH, "values": values}


def _limit(job: Job, profile: ProfileLikelihood) -> UpperLimit:
    settings = job.arguments["settings"]
    return suited_upper_limit(profile, settings["limit_toys"], np.random.default_rng(settings["seed"]))


def _significance(profile: ProfileLikelihood) -> Callable[[float], float]:
    """Expected significance of a number of selected events; NaN if a fit fails."""

    def significance(events: float) -> float:
        found = expected_significance(profile, events).significance
        return float("nan") if found is None else found

    return significance


def _model(
    job: Job,
    part: Mapping[str, Any],
    events: Mapping[str, float] | None,
    efficiency_error: float = 0.0,
    parameter: str = "signal_yield",
) -> SearchModel:
    """The model of a fit with so many events of the signal in each category for a parameter of one."""
    given = signal_uncertainties(job.arguments["settings"]["uncertainties"])
    yields = given.yields + ((("efficiency", efficiency_error),) if efficiency_error else ())
    uncertainties = SignalUncertainties(given.scale, given.resolution, yields)
    return model_from_json(part["search"], job.arguments["signal"].mass, uncertainties, events, parameter)
