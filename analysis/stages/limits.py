"""Stage `limits`: limits on the cross section of a signal, and the cross sections that would be discovered.

The efficiency of a hunt depends on the signal that is in the data it learns from. So it is measured with
signals of several cross sections injected, trained on again each time (CMS EXO-22-026, arXiv:2412.03747); the
limit on the number of events is that of the data without them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from analysis.engine.json_file import read_json, write_json
from analysis.engine.stage import Job, Tools
from analysis.search import Sample
from analysis.stages.cut import EFFICIENCIES
from analysis.stages.data_set import read_cutflow
from analysis.stages.fit import RESULTS, signal_uncertainties
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


def limits(job: Job, tools: Tools) -> None:
    """Write `limits.json`: for each part of each fit, limits and discovery reach in fb.

    Arguments: `signal` and `data` (samples), `cross_sections` (fb), `tested` (for every fit the cuts that
    were learnt with an injection, in order of the cross sections; none for all events), `settings` (of fits).
    """
    signal, data = job.arguments["signal"], job.arguments["data"]
    if not data.luminosity:
        raise MaplessError(
            f"limits on cross sections need the luminosity of {data.name}; add it to its sample"
        )
    found = []
    for done, (name, cuts) in enumerate(job.arguments["tested"].items(), start=1):
        stored = read_json(job.after[name] / RESULTS)
        for part in stored["parts"]:
            if "limits" in part["purposes"] and signal.mass in _masses(part):
                one = _with_injections(job, stored, part, cuts) if cuts else _constant(job, stored, part)
                found.append(
                    {"fit": name, "hunt": stored["hunt"], "window": stored["window"], "part": part["name"]}
                    | one
                )
        tools.progress(done, len(job.arguments["tested"]))
    head = {"signal": signal.name, "mass": signal.mass, "data": data.name, "luminosity": data.luminosity}
    write_json(
        job.folder / LIMITS, head | {"cross_sections": job.arguments["cross_sections"], "found": found}
    )


def _constant(job: Job, stored: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """Limit and reach where the efficiency is that of the selection, whatever is in the data."""
    efficiency = _selected(job, stored)
    per_fb = efficiency * job.arguments["data"].luminosity
    model = _model(job, part, {name: per_fb * c["share"] for name, c in part["search"]["spectra"].items()})
    limit, reach = upper_limit(model.profile_likelihood()), discovery_reach(model.profile_likelihood(), REACH)
    return {
        "efficiencies": [{"efficiency": efficiency, "error": None}],
        "limit": {"status": str(limit.status), "observed": limit.observed, "expected": limit.expected},
        "reach": _reach(reach.status, reach.values),
    }


def _with_injections(
    job: Job, stored: Mapping[str, Any], part: Mapping[str, Any], cuts: list[str]
) -> dict[str, Any]:
    """Limit and reach from the efficiencies at every injected cross section."""
    region, selected = stored["region"], _selected(job, stored)
    curve = [
        _efficiency(read_json(job.after[cut] / EFFICIENCIES), job.arguments["signal"], region, part["masks"])
        for cut in cuts
    ]
    efficiencies = InjectedEfficiencies(
        np.array(job.arguments["cross_sections"]),
        selected * np.array([one for one, _ in curve]),
        selected * np.array([error for _, error in curve]),
    )
    luminosity = job.arguments["data"].luminosity
    limit = weak_supervision_limit(efficiencies, _limit_on_events(job, part), luminosity)
    reach = weak_supervision_reach(efficiencies, _significance(job, part), luminosity, REACH)
    errors = np.asarray(efficiencies.errors).tolist()
    points = zip(efficiencies.cross_sections, efficiencies.efficiencies, errors, strict=True)
    return {
        "efficiencies": [{"cross_section": x, "efficiency": e, "error": error} for x, e, error in points],
        "limit": limit.to_json(),
        "reach": _reach(reach.status, reach.cross_sections),
    }


def _reach(status: LimitStatus, values: Sequence[float | None] | None) -> dict[str, Any]:
    return {"status": str(status), "significances": REACH, "values": values}


def _efficiency(
    efficiencies: list[dict[str, Any]], signal: Sample, region: str, masks: Mapping[str, list[str]]
) -> tuple[float, float]:
    """Part of the selected signal in all categories together, and its error."""
    wanted = {mask for combined in masks.values() for mask in combined}
    found = [
        one
        for one in efficiencies
        if one["sample"] == signal.name and one["region"] == region and one["category"] in wanted
    ]
    return sum(one["efficiency"] for one in found), float(np.hypot.reduce([one["error"] for one in found]))


def _selected(job: Job, stored: Mapping[str, Any]) -> float:
    """Part of all produced signal events that is selected, before any hunt."""
    signal: Sample = job.arguments["signal"]
    flow = read_cutflow(job, signal.name, stored["region"])
    return signal.acceptance * flow.efficiency


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
