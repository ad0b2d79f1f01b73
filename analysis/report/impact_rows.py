"""What systematic variations do to efficiencies: rows of a table and figures, by signal and method."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.report.drawing import new_figure
from analysis.report.limit_rows import LimitRow
from analysis.report.score_figures import Figures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TRAINING, STATISTICS = "training", "simulated events"


@dataclass(frozen=True)
class ImpactRow:
    """A source of uncertainty of the efficiency of one signal and method: relative changes.

    `changes` by shift; what has no direction has one. `retrained` are the shifts that were learnt from.
    """

    row: LimitRow
    source: str
    changes: Mapping[str, float | None]
    retrained: tuple[str, ...] = ()


def impact_rows(rows: Sequence[LimitRow], impacts: Mapping[str, Mapping[str, Any]]) -> list[ImpactRow]:
    """Rows of all variations, of training and of the number of simulated events.

    `impacts` are stored ones by signal and fit.
    """
    return [one for row in rows for one in _of(row, impacts.get(f"{row.signal.sample} {row.fit}", {}))]


def impact_figures(rows: Sequence[ImpactRow], label: str) -> Figures:
    """For every signal the changes of all methods side by side: name, caption, figure."""
    for sample in dict.fromkeys(one.row.signal.sample for one in rows):
        some = [one for one in rows if one.row.signal.sample == sample]
        if any(one.source not in (TRAINING, STATISTICS) for one in some):
            caption = (
                f"Impacts on the efficiency for {some[0].row.signal.title} {some[0].row.signal.daughters}"
            )
            yield f"impacts_{sample}", caption, _drawn(some, label)


def _of(row: LimitRow, impacts: Mapping[str, Any]) -> Iterator[ImpactRow]:
    variations = impacts.get(row.part, {"variations": []})["variations"]
    for source in dict.fromkeys(one["source"] for one in variations):
        some = [one for one in variations if one["source"] == source]
        changes = {one["tag"]: one["change"] for one in some}
        yield ImpactRow(row, source, changes, tuple(one["tag"] for one in some if one["retrained"]))
    errors = [one["training_error"] / one["efficiency"] for one in row.efficiencies if one["training_error"]]
    if errors:
        yield ImpactRow(row, TRAINING, {"": max(errors)})
    if row.efficiency:
        point = next(one for one in row.efficiencies if one["efficiency"] == row.efficiency)
        yield ImpactRow(row, STATISTICS, {"": point["statistical_error"] / row.efficiency})


def _drawn(rows: Sequence[ImpactRow], label: str) -> "Figure":
    sources = list(dict.fromkeys(one.source for one in rows))
    methods = list(dict.fromkeys(one.row.method for one in rows))
    figure, axes = new_figure(size=(11, 2.0 + 0.22 * len(sources) * (1 + len(methods))), label=label)
    axis = axes[0, 0]
    for one in rows:
        number = methods.index(one.row.method)
        place = sources.index(one.source) + 0.8 * ((number + 0.5) / len(methods) - 0.5)
        known = [(tag, change) for tag, change in one.changes.items() if change is not None]
        ends = [sign * 100 * change for tag, change in known for sign in ((1,) if tag else (-1, 1))]
        for tag_place, end in enumerate(ends):
            learnt = bool(one.retrained) and tag_place < len(known) and known[tag_place][0] in one.retrained
            axis.barh(
                place,
                end,
                0.7 / len(methods),
                color=f"C{number}",
                alpha=0.9 if end > 0 else 0.5,
                hatch="//" if learnt else None,
            )
    axis.axvline(0, color="black", lw=1)
    axis.set_yticks(np.arange(len(sources)), [source.replace("_", " ") for source in sources])
    axis.tick_params(axis="y", which="minor", left=False, right=False)
    axis.set(xlabel="Change of the efficiency [%], hatched: trained again", ylim=(len(sources) - 0.4, -0.6))
    handles = [axis.barh([0], [0], color=f"C{number}") for number in range(len(methods))]
    axis.legend(handles, methods, fontsize=11, bbox_to_anchor=(1, 1), loc="upper left")
    return figure
