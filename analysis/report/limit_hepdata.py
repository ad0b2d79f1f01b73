"""Limits, discovery reach, efficiencies, spectra and cutflows as tables of a HEPData submission."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.report.limit_rows import LimitRow
from fits.export.hepdata_tables import (
    COUNTED,
    add_band,
    add_uncertainty,
    dependent,
    independent,
    table,
    write_submission,
)

if TYPE_CHECKING:
    from hepdata_lib import Table, Variable


def write_limit_submission(
    folder: Path,
    rows: Sequence[LimitRow],
    fits: Mapping[str, Mapping[str, Any]],
    cutflows: Mapping[str, Mapping[str, Any]],
    collision_energy: float,
) -> None:
    """Write a submission into an existing folder, checked by the official validator.

    `fits` are the stored results of the fits that limits rest on, by name, `cutflows` those of the signals.
    `collision_energy` in GeV. Raises MaplessError as `write_submission`.
    """
    known = [row for row in rows if row.expected is not None and row.observed is not None]
    tables = [_limits(known)] if known else []
    reached = [row for row in rows if row.reach[0] is not None]
    tables += [_discovery(reached)] if reached else []
    tables += [_efficiencies(row) for row in rows if row.hunts]
    tables += [one for name, fit in fits.items() for one in _spectra(name, fit)]
    tables += [_cutflow(name, flow) for name, flow in cutflows.items()]
    write_submission(folder, tables, collision_energy=collision_energy, reaction="P P --> X")


def _of(rows: Sequence[LimitRow]) -> "list[Variable]":
    return [
        independent("Signal", [row.signal.title for row in rows]),
        independent("Daughter masses", [row.signal.daughters or "-" for row in rows], "GeV"),
        independent("Resonance mass", [row.mass for row in rows], "GeV"),
        independent("Method", [row.method for row in rows]),
    ]


def _limits(rows: Sequence[LimitRow]) -> "Table":
    median = dependent("Expected limit", [row.median or np.nan for row in rows], "fb")
    add_band(median, [row.expected for row in rows if row.expected])
    observed = dependent("Observed limit", [row.observed or 0.0 for row in rows], "fb")
    return table(
        "limits", "Upper limits on cross sections at 95% confidence level.", *_of(rows), observed, median
    )


def _discovery(rows: Sequence[LimitRow]) -> "Table":
    three = dependent("Three sigma", [row.reach[0] or np.nan for row in rows], "fb")
    words = "Cross sections with an expected significance of three and five standard deviations."
    five = [row for row in rows if row.reach[1] is not None]
    if len(five) < len(rows):
        return table("discovery", words, *_of(rows), three)
    return table(
        "discovery",
        words,
        *_of(rows),
        three,
        dependent("Five sigma", [row.reach[1] or np.nan for row in rows], "fb"),
    )


def _efficiencies(row: LimitRow) -> "Table":
    points = row.efficiencies
    efficiency = dependent("Efficiency", [one["efficiency"] for one in points])
    add_uncertainty(efficiency, "total", np.array([one["error"] for one in points], dtype=float))
    injected = [one["cross_section"] or 0.0 for one in points]
    return table(
        f"efficiency {row.signal.sample} {row.method}",
        f"Signal efficiency, acceptance included, of {row.method} for {row.signal.title} "
        f"{row.signal.daughters}, against the cross section in the data that it learnt from.",
        independent("Injected cross section", injected, "fb"),
        efficiency,
    )


def _spectra(name: str, fit: Mapping[str, Any]) -> "list[Table]":
    found = []
    for part in fit["parts"]:
        for category, stored in part["search"]["spectra"].items():
            edges, counts = stored["spectrum"]["edges"], stored["spectrum"]["counts"]
            bins = list(zip(edges[:-1], edges[1:], strict=True))
            variables = [
                independent("Mass", bins, "GeV", binned=True),
                dependent("Observed events", counts, digits=COUNTED),
            ]
            if stored["expected_background"] is not None:
                variables.append(dependent("Background", stored["expected_background"]))
            words = f"Events and background-only fit, {name}, {category}."
            found.append(table(f"spectrum {name} {category}", words, *variables))
    return found


def _cutflow(name: str, flow: Mapping[str, Any]) -> "Table":
    cuts = flow["cutflow"]["cuts"]
    return table(
        f"cutflow {name}",
        f"Simulated events of {name} after each cut.",
        independent("Cut", [cut["title"] for cut in cuts]),
        dependent("Events", [cut["events"] for cut in cuts], digits=COUNTED),
        dependent("Share", [cut["weighted"] / (cuts[0]["weighted"] or 1.0) for cut in cuts]),
    )
