"""Stage `grid`: learns the background of a grid of two masses, checks it and hunts for an excess."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import write_json
from analysis.mass_grid import MassGrid
from analysis.stages.data_set import read_events
from analysis.stages.in_spectrum import read_masks, relative_weights
from errors import MaplessError
from fits.significance.grid_hunt import GridCounts, hunt_grid, parts
from models.density_ratio import DensityRatio
from models.events import Events, Mask

GRID = "grid.json"
CELLS = "cells.npz"
KEPT = "window, events that are kept"


def grid(job: Job, tools: Tools) -> None:
    """Write `grid.json` with what was found and the closure, and `cells.npz` with counts and background.

    Arguments: `grid`, `data`, `toys` and `seed`; after: the cut of its hunt, if it has one.
    """
    searched: MassGrid = job.arguments["grid"]
    events = read_events(job, job.arguments["data"])
    if not np.allclose(relative_weights(events), 1):
        raise MaplessError(
            f"grid {searched.name} counts events, and those of the data have weights that differ"
        )
    kept = np.ones(len(events), bool)
    if searched.hunt:
        kept = read_masks(job, "cut", job.arguments["data"], events)[searched.category]
    rng = np.random.default_rng(job.arguments["seed"])
    found, counts = search_grid(searched, events, kept, job.arguments["toys"], rng, tools.progress)
    write_json(job.folder / GRID, found)
    np.savez(
        job.folder / CELLS,
        windows=np.array(searched.windows),
        edges=np.array(searched.edges),
        counts=counts.counts,
        expected=counts.expected,
        error_of_spectra=_errors(counts),
    )


def search_grid(
    searched: MassGrid,
    events: Events,
    kept: Mask,
    n_toys: int,
    rng: np.random.Generator,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[dict[str, Any], GridCounts]:
    """What a grid holds of the `kept` events (n,), as plain types, and its counts.

    Raises MaplessError where too few events beside the window teach the background.
    """
    for column, (low, high) in searched.conditions.items():
        kept = kept & (events[column] >= low) & (events[column] < high)
    cells = _Cells.of(searched, events, kept)
    expected = cells.background(np.ones(len(events)))
    replicas = []
    for number in range(searched.background.replicas):
        replicas.append(cells.background(rng.poisson(1.0, len(events)).astype(float)))
        report(number + 1, searched.background.replicas)
    observed = {name: cells.histogram(cells.tagged & place) for name, place in cells.places.items()}
    counts = GridCounts(
        searched.windows,
        searched.edges,
        observed[KEPT],
        expected[KEPT],
        np.stack([one[KEPT] for one in replicas]),
    )
    injected = np.asarray(events["injected"]) > 0
    found = {
        "name": searched.name,
        "columns": searched.columns,
        "titles": searched.titles,
        "n_events": int(observed[KEPT].sum()),
        "expected": float(expected[KEPT].sum()),
        "error": _spread(replicas, KEPT),
        "injected": int(injected.sum()),
        "injected_kept": int(cells.histogram(injected & cells.tagged & cells.places[KEPT]).sum()),
        "found": hunt_grid(counts, n_toys, rng).to_json(),
        "closure": [
            {
                "where": name,
                "observed": int(observed[name].sum()),
                "expected": float(expected[name].sum()),
                "error": _spread(replicas, name),
            }
            for name, place in cells.places.items()
            if name != KEPT and np.any(place)
        ],
    }
    return found, counts


def _spread(replicas: Sequence[Mapping[str, np.ndarray]], name: str) -> float:
    return float(np.std([one[name].sum() for one in replicas], ddof=1))


def _errors(counts: GridCounts) -> np.ndarray:
    """Errors of the background (n_windows, n_bins) in the bins of each spectrum."""
    ends = parts(counts.windows)
    inside = np.array([(ends[:-1] >= low) & (ends[1:] <= high) for low, high in counts.windows])
    return np.std(np.einsum("wp,rpb->rwb", inside.astype(float), counts.replicas), axis=0, ddof=1)


@dataclass(frozen=True)
class _Cells:
    """Events of a grid by where they are, and how they become counts.

    `places` are masks (n,) of the events whose background is estimated, by name.
    """

    searched: MassGrid
    features: np.ndarray
    masses: np.ndarray
    tagged: Mask
    inside: Mask
    beside: Mask
    places: dict[str, Mask]

    @classmethod
    def of(cls, searched: MassGrid, events: Events, kept: Mask) -> "_Cells":
        own = searched.background
        mass = np.asarray(events[own.window.column])
        low, high = own.window.in_low_sideband(mass), own.window.in_high_sideband(mass)
        inside = own.window.in_signal_region(mass)
        return cls(
            searched,
            np.stack([np.asarray(events[name], dtype=float) for name in own.features], axis=1),
            np.stack([np.asarray(events[name], dtype=float) for name in searched.columns], axis=1),
            np.asarray(events[own.tag]) > own.threshold,
            inside,
            low | high,
            {
                KEPT: inside & kept,
                "low sideband": low,
                "high sideband": high,
                "window, events that are not kept": inside & ~kept,
            },
        )

    def background(self, times: np.ndarray) -> dict[str, np.ndarray]:
        """What is expected at every place, as counts of parts and bins, with every event so many `times`."""
        used = times > 0
        below, above = self.beside & ~self.tagged & used, self.beside & self.tagged & used
        ratio = DensityRatio().fit(self.features[below], self.features[above], (times[below], times[above]))
        found = {}
        for name, place in self.places.items():
            chosen = place & ~self.tagged & used
            weights = times[chosen] * ratio(self.features[chosen]) if np.any(chosen) else times[chosen]
            found[name] = self.histogram(chosen, weights)
        return found

    def histogram(self, chosen: Mask, weights: Any = None) -> np.ndarray:
        """Counts (n_parts, n_bins) of some events."""
        first, second = self.masses[chosen].T
        ends = [parts(self.searched.windows), np.array(self.searched.edges)]
        return np.histogram2d(first, second, ends, weights=weights)[0]
