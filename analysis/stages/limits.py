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
from analysis.search import MassSpectrum
from analysis.stages.data_set import DataSet, read_cutflow, shifted_name
from analysis.stages.fit import RESULTS, signal_uncertainties
from analysis.stages.in_spectrum import signal_efficiencies
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

    `n_toys` are those of limits with few events under the peak, zero for asymptotic formulae.

    Arguments: `signal` and `data` (samples), `shift` of the signal, `cross_sections` (fb), `tested`
    (TestedFit by name of the fit), `settings` (of fits).
    """
    signal, data = job.arguments["signal"], job.arguments["data"]
    found = []
    for done, (name, tested) in enumerate(job.arguments["tested"].items(), start=1):
        stored = read_json(job.after[name] / RESULTS)
        for part in stored["parts"]:
            if "limits" not in part["purposes"] or "error" in part["search"]:
                continue
            if signal.mass in [point["mass"] for point in part["search"]["scan"]["points"]]:
                one = _with_injections(job, tested, part) if tested.cuts else _constant(job, tested, part)
                head = {"fit": name, "hunt": stored["hunt"], "window": stored["window"], "part": part["name"]}
                found.append(head | one)
        tools.progress(done, len(job.arguments["tested"]))
    name = shifted_name(signal.name, job.arguments["shift"])
    head = {"name": name, "signal": signal.name, "shift": job.arguments["shift"], "mass": signal.mass}
    head |= {"data": data.name, "luminosity": data.luminosity}
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
    profile = _model(job, part, {category: per_fb}, parameter="cross_section").profile_likelihood()
    limit, reach = _limit(job, profile), discovery_reach(profile, REACH)
    return {
        "efficiencies": [{"efficiency": selected * inside, "error": selected * error}],
        "limit": limit.to_json(),
        "n_toys": limit.n_toys,
        "reach": _reach(reach.status, reach.values),
    }


def _with_injections(job: Job, tested: TestedFit, part: Mapping[str, Any]) -> dict[str, Any]:
    """Limit and reach from efficiencies and shares of the categories at every injected cross section."""
    found = [
        signal_efficiencies(job, tested.spectrum, tested.signal, cut, part["masks"]) for cut in tested.cuts
    ]
    curve = _selected(job, tested.signal) * np.array([_together(one) for one in found])
    cross_sections = np.array(job.arguments["cross_sections"])
    efficiencies = InjectedEfficiencies(cross_sections, curve[:, 0], curve[:, 1])
    luminosity = job.arguments["data"].luminosity
    shares = [_shares(one) for one in found]
    uncertain = [
        _model(job, part, own, error).profile_likelihood()
        for own, error in zip(shares, efficiencies.relative_errors.tolist(), strict=True)
    ]
    limits = [_limit(job, profile) for profile in uncertain]
    significances = [_significance(_model(job, part, own).profile_likelihood()) for own in shares]
    limit = weak_supervision_limit(efficiencies, limits, luminosity)
    reach = weak_supervision_reach(efficiencies, significances, luminosity, REACH)
    return {
        "efficiencies": [
            {"cross_section": x, "efficiency": efficiency, "error": error, "shares": own}
            for x, (efficiency, error), own in zip(
                cross_sections.tolist(), curve.tolist(), shares, strict=True
            )
        ],
        "limit": limit.to_json(),
        "n_toys": max(one.n_toys for one in limits),
        "reach": _reach(reach.status, reach.cross_sections),
    }


def _together(found: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
    """Efficiency of all categories together with its error."""
    efficiencies, errors = zip(*found.values(), strict=True)
    return sum(efficiencies), float(np.hypot.reduce(errors))


def _shares(found: Mapping[str, tuple[float, float]]) -> dict[str, float] | None:
    """Fractions of the selected signal in each category, None where nothing is selected."""
    total, _ = _together(found)
    if not total:
        return None
    return {name: max(efficiency / total, _SMALLEST_SHARE) for name, (efficiency, _) in found.items()}


def _reach(status: LimitStatus, values: Sequence[float | None] | None) -> dict[str, Any]:
    return {"status": str(status), "significances": REACH, "values": values}


def _selected(job: Job, data: DataSet) -> float:
    """Part of all produced signal events that is selected, before any hunt."""
    signal, source = job.arguments["signal"], data.source
    return float(signal.acceptance * read_cutflow(job, signal.name, source.region, source.shift).efficiency)


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
