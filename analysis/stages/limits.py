"""Stage `limits`: limits on the cross section of a signal, and the cross sections that would be discovered.

The efficiency of a hunt depends on the signal that is in the data it learns from. So it is measured with
signals of several cross sections injected, trained on again each time (CMS EXO-22-026, arXiv:2412.03747); the
limit on the number of events is that of the data without them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import read_json, write_json
from analysis.search import MassSpectrum, Sample
from analysis.stages.data_set import DataSet, read_cutflow
from analysis.stages.fit import RESULTS, signal_uncertainties
from analysis.stages.in_spectrum import signal_efficiencies
from errors import MaplessError
from fits.limits.asymptotic import LimitStatus, UpperLimit, upper_limit
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


@dataclass(frozen=True)
class TestedFit:
    """A fit whose hypotheses include the mass of the signal.

    Args:
        spectrum: that was fitted.
        signal: the selected signal events.
        cuts: names of the cut stages that learnt with an injection, in order of the cross sections; none for
            a fit of all events.
    """

    spectrum: MassSpectrum
    signal: DataSet
    cuts: tuple[str, ...] = ()


def limits(job: Job, tools: Tools) -> None:
    """Write `limits.json`: for each part of each fit, limits and discovery reach in fb.

    Arguments: `signal` and `data` (samples), `cross_sections` (fb), `tested` (TestedFit by name of the fit),
    `settings` (of fits).
    """
    signal, data = job.arguments["signal"], job.arguments["data"]
    found = []
    for done, (name, tested) in enumerate(job.arguments["tested"].items(), start=1):
        stored = read_json(job.after[name] / RESULTS)
        for part in stored["parts"]:
            if (
                "limits" in part["purposes"]
                and signal.mass in _masses(part)
                and "error" not in part["search"]
            ):
                one = _with_injections(job, tested, part) if tested.cuts else _constant(job, tested, part)
                head = {"fit": name, "hunt": stored["hunt"], "window": stored["window"], "part": part["name"]}
                found.append(head | one)
        tools.progress(done, len(job.arguments["tested"]))
    head = {"signal": signal.name, "mass": signal.mass, "data": data.name, "luminosity": data.luminosity}
    write_json(
        job.folder / LIMITS, head | {"cross_sections": job.arguments["cross_sections"], "found": found}
    )


def _constant(job: Job, tested: TestedFit, part: Mapping[str, Any]) -> dict[str, Any]:
    """Limit and reach where the efficiency is that of the selection, whatever is in the data."""
    (inside, error), *_ = signal_efficiencies(
        job, tested.spectrum, tested.signal, None, part["masks"]
    ).values()
    selected = _selected(job, tested.signal)
    if not selected * inside:
        raise MaplessError(f"no event of {tested.signal.name} is in the spectrum {tested.spectrum.name}")
    (category,) = part["search"]["spectra"]
    per_fb = selected * inside * job.arguments["data"].luminosity
    profile = _model(job, part, {category: per_fb}).profile_likelihood()
    limit, reach = upper_limit(profile), discovery_reach(profile, REACH)
    return {
        "efficiencies": [{"efficiency": selected * inside, "error": selected * error}],
        "limit": {"status": str(limit.status), "observed": limit.observed, "expected": limit.expected},
        "reach": _reach(reach.status, reach.values),
    }


def _with_injections(job: Job, tested: TestedFit, part: Mapping[str, Any]) -> dict[str, Any]:
    """Limit and reach from the efficiencies at every injected cross section."""
    curve = np.array([_efficiency(job, tested, cut, part) for cut in tested.cuts])
    efficiencies = InjectedEfficiencies(np.array(job.arguments["cross_sections"]), curve[:, 0], curve[:, 1])
    luminosity = job.arguments["data"].luminosity
    limit = weak_supervision_limit(efficiencies, _limit_on_events(job, part), luminosity)
    reach = weak_supervision_reach(efficiencies, _significance(job, part), luminosity, REACH)
    points = zip(job.arguments["cross_sections"], curve.tolist(), strict=True)
    return {
        "efficiencies": [{"cross_section": x, "efficiency": e, "error": error} for x, (e, error) in points],
        "limit": limit.to_json(),
        "reach": _reach(reach.status, reach.cross_sections),
    }


def _efficiency(job: Job, tested: TestedFit, cut: str, part: Mapping[str, Any]) -> tuple[float, float]:
    """Part of all produced signal events in all categories together, with its error, after one cut."""
    found = signal_efficiencies(job, tested.spectrum, tested.signal, cut, part["masks"]).values()
    selected = _selected(job, tested.signal)
    return selected * sum(one for one, _ in found), selected * float(np.hypot.reduce([e for _, e in found]))


def _reach(status: LimitStatus, values: Sequence[float | None] | None) -> dict[str, Any]:
    return {"status": str(status), "significances": REACH, "values": values}


def _selected(job: Job, data: DataSet) -> float:
    """Part of all produced signal events that is selected, before any hunt."""
    signal: Sample = job.arguments["signal"]
    return signal.acceptance * read_cutflow(job, signal.name, data.source.region).efficiency


def _limit_on_events(job: Job, part: Mapping[str, Any]) -> Callable[[float], UpperLimit]:
    """Limit on selected events for a relative error of the efficiency."""

    def limit(relative_error: float) -> UpperLimit:
        return upper_limit(_model(job, part, None, relative_error).profile_likelihood())

    return limit


def _significance(job: Job, part: Mapping[str, Any]) -> Callable[[float], float]:
    """Expected significance of a number of selected events; NaN if a fit fails."""
    profile = _model(job, part, None).profile_likelihood()

    def significance(events: float) -> float:
        found = expected_significance(profile, events).significance
        return float("nan") if found is None else found

    return significance


def _model(
    job: Job, part: Mapping[str, Any], events: Mapping[str, float] | None, efficiency_error: float = 0.0
) -> SearchModel:
    given = signal_uncertainties(job.arguments["settings"]["uncertainties"])
    yields = given.yields + ((("efficiency", efficiency_error),) if efficiency_error else ())
    uncertainties = SignalUncertainties(given.scale, given.resolution, yields)
    parameter = "signal_yield" if events is None else "cross_section"
    return model_from_json(part["search"], job.arguments["signal"].mass, uncertainties, events, parameter)


def _masses(part: Mapping[str, Any]) -> list[float]:
    return [point["mass"] for point in part["search"]["scan"]["points"]]
