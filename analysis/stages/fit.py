"""Stage `fit`: searches one mass spectrum for resonances, in all events or after the cut of a hunt."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import read_json, write_json
from analysis.search import Combination, MassSpectrum
from analysis.stages.cut import CATEGORIES, mask_name
from analysis.stages.data_set import DataSet, read_events
from analysis.stages.in_spectrum import in_spectrum, read_masks, relative_weights, signal_efficiencies
from analysis.stages.signal_shape import SHAPE
from errors import MaplessError
from fits.limits.mass_scan import SignalUncertainties
from fits.resonance_categories import ResonanceCategory
from fits.resonance_search import search_for_resonance
from fits.resonance_settings import ResonanceSettings
from fits.signals import signal_from_json
from fits.significance.mass_scan import MassPoint
from fits.spectrum import unweighted_spectrum
from models.events import Mask
from models.window import Window
from selections.events import EventColumns

RESULTS = "results.json"
SELECTED = "selected_events.npz"
EVERYTHING = "all events"

Purpose = Literal["search", "limits"]


@dataclass(frozen=True)
class Hunted:
    """The hunt whose cut selects events, and how its categories enter p-values and limits."""

    hunt: str
    window: Window | None
    search: Combination
    limits: Combination


@dataclass(frozen=True)
class Part:
    """Categories that are fitted together at some mass hypotheses (GeV), and what for.

    `masks` names the masks of each category; `shares` are the fractions of the signal in the categories.
    """

    name: str
    purposes: tuple[Purpose, ...]
    masks: Mapping[str, tuple[str, ...]]
    masses: tuple[float, ...]
    shares: tuple[float, ...] = (1.0,)


def fit(job: Job, tools: Tools) -> None:
    """Write `results.json` with the search of each part, exports, and the keys of the events in categories.

    Arguments: `spectrum`, `data`, `signals` (data sets that the cut has seen), `settings` (of fits), `masses`
    (GeV), `hunted` (None for all events).
    """
    spectrum: MassSpectrum = job.arguments["spectrum"]
    events = read_events(job, job.arguments["data"])
    shape = read_json(job.after["shape"] / SHAPE)
    masks = {EVERYTHING: np.ones(len(events), bool)}
    if job.arguments["hunted"] is not None:
        masks = read_masks(job, "cut", job.arguments["data"], events)
    parts = _parts(job)
    inside = in_spectrum(spectrum, events)
    results, selected = [], {}
    weights = relative_weights(events)
    for part in parts:
        categories = []
        for (name, combined), share in zip(part.masks.items(), part.shares, strict=True):
            chosen = inside & np.any([masks[one] for one in combined], axis=0)
            counted = unweighted_spectrum(events[spectrum.column][chosen], spectrum.edges, weights[chosen])
            categories.append(ResonanceCategory(name, counted, share))
            selected[f"{part.name}/{name}"] = events["key"][chosen]
        result = _search(job, part, categories, shape, tools)
        counts = {
            name: _counts(events, inside & np.any([masks[m] for m in combined], axis=0))
            for name, combined in part.masks.items()
        }
        results.append(
            {
                "name": part.name,
                "purposes": part.purposes,
                "masks": part.masks,
                "counts": counts,
                "search": result,
            }
        )
    np.savez(job.folder / SELECTED, **selected)
    hunted: Hunted | None = job.arguments["hunted"]
    write_json(
        job.folder / RESULTS,
        {
            "spectrum": spectrum.name,
            "title": spectrum.title,
            "column": spectrum.column,
            "edges": spectrum.edges,
            "region": spectrum.region,
            "hunt": hunted and hunted.hunt,
            "window": _window_json(hunted.window if hunted else None),
            "masses": job.arguments["masses"],
            "parts": results,
        },
    )


def _search(
    job: Job, part: Part, categories: list[ResonanceCategory], shape: Mapping[str, Any], tools: Tools
) -> Mapping[str, Any]:
    from fits.export.write_exports import write_exports

    given = dict(job.arguments["settings"])
    sizes = given.pop("uncertainties")
    settings = ResonanceSettings(
        part.masses,
        job.arguments["spectrum"].background,
        choice_mass=shape["peak"],
        uncertainties=signal_uncertainties(sizes),
        **given | {"limits": given["limits"] and "limits" in part.purposes},
    )
    signal = signal_from_json(shape["signal"])
    try:
        found = search_for_resonance(
            categories, signal, settings, lambda what, done, total: tools.progress(done, total)
        )
    except MaplessError as error:
        return _failed(part, str(error))
    if settings.exports:
        folder = job.folder / "exports" / part.name.replace(" ", "_")
        folder.mkdir(parents=True)
        write_exports(found, folder)
    return found.to_json()


def signal_uncertainties(sizes: Mapping[str, float]) -> SignalUncertainties:
    """Relative uncertainties of a signal from those by name: of scale, resolution, and the yield."""
    yields = tuple((name, size) for name, size in sizes.items() if name not in ("scale", "resolution"))
    return SignalUncertainties(sizes.get("scale", 0.0), sizes.get("resolution", 0.0), yields)


def _parts(job: Job) -> list[Part]:
    """What is fitted: one part for each mass if the cut depends on it, or each category, or all together."""
    hunted: Hunted | None = job.arguments["hunted"]
    masses = job.arguments["masses"]
    if hunted is None:
        return [Part(EVERYTHING, ("search", "limits"), {EVERYTHING: (EVERYTHING,)}, masses)]
    cut = read_json(job.after["cut"] / CATEGORIES)
    parts = []
    for mass in masses if cut["per_mass"] else (None,):
        names = [mask_name(category, mass) for category in cut["categories"]]
        tested = masses if mass is None else (mass,)
        parts += _combined(names, tested, hunted, partial(_shares, job, names))
    return parts


def _combined(
    names: list[str], masses: tuple[float, ...], hunted: Hunted, shares: Callable[[], tuple[float, ...]]
) -> list[Part]:
    """The parts that are searched and those that give limits; they are the same where both combine alike."""

    def parts(how: Combination, purposes: tuple[Purpose, ...]) -> list[Part]:
        if how == "separately":
            return [Part(name, purposes, {name: (name,)}, masses) for name in names]
        if how == "merged" or len(names) == 1:
            name = " + ".join(names)
            return [Part(name, purposes, {name: tuple(names)}, masses)]
        return [Part("together", purposes, {name: (name,) for name in names}, masses, shares())]

    if hunted.search == hunted.limits or len(names) == 1:
        return parts(hunted.search, ("search", "limits"))
    return [*parts(hunted.search, ("search",)), *parts(hunted.limits, ("limits",))]


def _shares(job: Job, names: list[str]) -> tuple[float, ...]:
    """Fractions of the signal in each category, the mean over the signal samples that the cut has seen."""
    signals: tuple[DataSet, ...] = job.arguments["signals"]
    if not signals:
        raise MaplessError(
            "categories that are fitted together need their shares of the signal: name signal samples "
            "for a spectrum, or search the categories separately"
        )
    masks = {name: (name,) for name in names}
    found = [signal_efficiencies(job, job.arguments["spectrum"], one, "cut", masks) for one in signals]
    kept = np.array([[one[name][0] for name in names] for one in found]).mean(axis=0)
    if not np.all(kept > 0):
        empty = names[int(np.argmin(kept))]
        raise MaplessError(f"no signal event is in the category {empty}; search the categories separately")
    return tuple((kept / kept.sum()).tolist())


def _counts(events: EventColumns, chosen: Mask) -> dict[str, int]:
    injected = np.asarray(events["injected"]) > 0
    return {
        "n_events": int(chosen.sum()),
        "injected": int(injected.sum()),
        "injected_kept": int((injected & chosen).sum()),
    }


def _window_json(window: Window | None) -> dict[str, Any] | None:
    if window is None:
        return None
    return {"name": window.name, "column": window.column, "low": window.low, "high": window.high}


def _failed(part: Part, reason: str) -> dict[str, Any]:
    """A search without any number: other fits go on, and the report says why this one did not."""
    points = [asdict(MassPoint(mass, f"no fit: {reason}")) for mass in part.masses]
    return {"error": reason, "scan": {"points": points}, "spectra": {}}
