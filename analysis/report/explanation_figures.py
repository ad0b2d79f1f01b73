"""Figures of the features that a selection follows."""

from collections.abc import Mapping
from typing import Any

from analysis.report.drawing import new_figure
from analysis.report.score_figures import Figures, file_name

_AXES = {
    "distance": "Kolmogorov-Smirnov distance of kept events to others",
    "importance": "Share not kept with values of other events",
}


def explanation_figure(name: str, title: str, found: Mapping[str, Any], label: str) -> Figures:
    """Bars of what the stage `explain` has found of a hunt; nothing where all or no events are kept."""
    bars = {
        "distance": {column: one["distance"] for column, one in found["features"].items()},
        "importance": found["importance"],
    }
    if not found["importance"]:
        return
    longest = max(map(len, bars.values()))
    figure, axes = new_figure(1, 2, (16, 2 + 0.35 * longest), label)
    for axis, (kind, of_columns) in zip(axes[0], bars.items(), strict=True):
        axis.barh(list(of_columns)[::-1], list(of_columns.values())[::-1], height=0.7)
        axis.set(xlabel=_AXES[kind], xlim=(0, 1))
        axis.tick_params(axis="y", labelsize=11)
        axis.yaxis.minorticks_off()
    yield f"features_{file_name(name)}", f"Features that tell the kept events apart, {title}", figure
