"""Stage `global`: the smallest local p-value at every mass, and one global significance over all fits.

The null: trained detectors and selections are held fixed and each event keeps its scores; masses are drawn
from the background fitted to each category, and events that several selections share stay shared. Spectra in
different masses fluctuate independently.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import read_json, write_json
from analysis.stages.fit import RESULTS, SELECTED
from errors import MaplessError
from fits.resonance_search import toy_search_from_json
from fits.significance.global_significance import global_significance
from fits.significance.raked_toys import Membership, raked_toys_of

GLOBAL = "global.json"


@dataclass(frozen=True)
class SearchedPart:
    """A part of a fit that looks for an excess: its result and the events of each of its categories.

    Spectra of one `binning`, a column with its edges, share events.
    """

    fit: str
    name: str
    spectrum: str
    result: Mapping[str, Any]
    keys: tuple[np.ndarray, ...]
    binning: tuple[Any, ...]


def find_global_significance(job: Job, tools: Tools) -> None:
    """Write `global.json`; arguments: `toys` (0 for no global significance) and `seed`; after: all fits."""
    parts = [part for name, folder in job.after.items() for part in _searched(name, folder)]
    content: dict[str, Any] = {"smallest": _smallest(parts), "global": None}
    if job.arguments["toys"]:
        content["global"] = _over_all(parts, job, tools)
    write_json(job.folder / GLOBAL, content)


def _searched(name: str, folder: Any) -> list[SearchedPart]:
    stored = read_json(folder / RESULTS)
    with np.load(folder / SELECTED) as keys:
        return [
            SearchedPart(
                name,
                part["name"],
                stored["spectrum"],
                part["search"],
                tuple(keys[f"{part['name']}/{category}"] for category in part["counts"]),
                (stored["column"], *stored["edges"]),
            )
            for part in stored["parts"]
            if "search" in part["purposes"]
        ]


def _smallest(parts: Sequence[SearchedPart]) -> list[dict[str, Any]]:
    """For every spectrum and mass the smallest local p-value and the fit that it comes from."""
    best: dict[tuple[str, float], dict[str, Any]] = {}
    for part in parts:
        for point in part.result["scan"]["points"]:
            place = (part.spectrum, point["mass"])
            found = {"spectrum": part.spectrum, "fit": part.fit, "part": part.name} | point
            p_value, smallest = point["local_p_value"], best.get(place, {}).get("local_p_value")
            if p_value is None:
                best.setdefault(place, found)
            elif smallest is None or p_value < smallest:
                best[place] = found
    return [best[place] for place in sorted(best)]


def _over_all(parts: Sequence[SearchedPart], job: Job, tools: Tools) -> dict[str, Any]:
    """The global significance; a status without a number where spectra cannot be thrown together."""
    n_toys, rng = job.arguments["toys"], np.random.default_rng(job.arguments["seed"])
    try:
        for part in parts:
            if "error" in part.result:
                raise MaplessError(f"{part.fit}, {part.name}: {part.result['error']}")
        tested = [toy_search_from_json(part.result) for part in parts]
        toys: list[Any] = [None] * len(parts)
        for binning in dict.fromkeys(part.binning for part in parts):
            places = [i for i, part in enumerate(parts) if part.binning == binning]
            members = _membership([keys for i in places for keys in parts[i].keys])
            drawn = raked_toys_of([tested[i] for i in places], members, n_toys, rng)
            for place, counts in zip(places, drawn, strict=True):
                toys[place] = counts
    except MaplessError as error:
        return {
            "status": str(error),
            "p_value": None,
            "significance": None,
            "n_toys": n_toys,
            "extrapolated": False,
        }
    found = global_significance(tested, n_toys, rng, toys=toys, workers=tools.threads, report=tools.progress)
    return found.to_json()


def _membership(keys: Sequence[np.ndarray]) -> Membership:
    """Which events, named by their keys, are in which spectra."""
    everything, place = np.unique(np.concatenate(keys), return_inverse=True)
    selected = np.zeros((len(everything), len(keys)), bool)
    selected[place, np.repeat(np.arange(len(keys)), [len(one) for one in keys])] = True
    return Membership.of(selected)
