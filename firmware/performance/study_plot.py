"""Figure of a quantisation study: efficiency against logic."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import mplhep
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from firmware.performance.plots import COLOURS, STYLE
from firmware.performance.study_points import StudyPoint, pareto_front
from firmware.routes.resources import ALKAID, ESTIMATE

_MARKERS = "os^Dv<"
_BESIDE = ((7, 6), (7, -15), (-34, 6), (-34, -15))  # places of labels, in points
_CHOSEN: dict[str, Any] = {
    "marker": "o",
    "markersize": 20,
    "fillstyle": "none",
    "color": "black",
    "linestyle": "",
}


def plot_study(
    points: Sequence[StudyPoint],
    chosen: StudyPoint,
    *,
    rate: float = 1.0,
    lut_budget: float | None = None,
    reference: StudyPoint | None = None,
    label: str = "Mapless simulation",
) -> Figure:
    """Mean signal efficiency against estimated LUTs: one marker per weight bits, the pruned part beside it.

    Error bars, and a band for a point without LUTs, are the spread over seeds.

    Args:
        points: of the study; one without LUTs is drawn as a line.
        chosen: point to mark.
        rate: in kHz, at which efficiencies were taken.
        lut_budget: drawn as a line.
        reference: another network to compare with; its LUTs are drawn as a line.
        label: upper left.
    """
    built = [point for point in points if point.luts is not None]
    learnt = [point for point in built if point.beta0 is not None]
    with plt.style.context([mplhep.style.CMS, STYLE]):
        figure, axes = plt.subplots(figsize=(11, 7), layout="constrained")
        groups = {
            f"{bits}-bit weights": [point for point in built if point.weight_bits == bits]
            for bits in sorted({point.weight_bits for point in built if point.weight_bits})
        } | ({"learnt bits (HGQ2)": learnt} if learnt else {})
        for number, (name, same) in enumerate(groups.items()):
            style: dict[str, Any] = {"color": COLOURS[number % 6], "marker": _MARKERS[number % 6]}
            _draw(axes, same, style | {"label": name}, _BESIDE[number % len(_BESIDE)])
        front = _coordinates(pareto_front(points))
        axes.step(*front, where="post", color="grey", linewidth=1.2, zorder=0, label="best so far")
        axes.plot(*_coordinates([chosen]), **_CHOSEN, label="chosen")
        if reference is not None and reference.luts is not None:
            name = f"{reference.name.replace('_', ' ')}\n(efficiency {reference.mean_efficiency:.3f})"
            axes.axvline(reference.luts, color="black", linestyle="-.", linewidth=1.2, label=name)
        for point in points:
            if point.luts is None:
                _draw_without_logic(axes, point)
        if lut_budget is not None:
            axes.axvline(lut_budget, color="black", linestyle="--", linewidth=1.2, label="budget")
        axes.set(xlabel=f"LUTs ({ESTIMATE}, by {ALKAID})", xlim=(0, None))
        axes.set_ylabel(f"Mean signal efficiency at {rate:g} kHz")
        axes.margins(x=0.08, y=0.12)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
        axes.set_title(label, loc="left", fontsize=16, fontweight="bold")
    return figure


def _draw(axes: Axes, points: Sequence[StudyPoint], style: dict[str, Any], beside: tuple[int, int]) -> None:
    luts, efficiencies = _coordinates(points)
    errors: dict[str, Any] = {
        "xerr": [point.luts_spread for point in points],
        "yerr": [point.efficiency_spread for point in points],
    }
    axes.errorbar(
        luts, efficiencies, linestyle=":", linewidth=1.2, markersize=9, capsize=3, **errors, **style
    )
    for point in points:
        place = (point.luts or 0, point.mean_efficiency)
        text = f"{point.sparsity:.0%}" if point.beta0 is None else f"{point.beta0:.0e}"
        axes.annotate(text, place, beside, textcoords="offset points", fontsize=11, color=style["color"])


def _draw_without_logic(axes: Axes, point: StudyPoint) -> None:
    mean, spread = point.mean_efficiency, point.efficiency_spread
    axes.axhline(mean, color="black", linestyle=":", label="floating point")
    axes.axhspan(mean - spread, mean + spread, color="black", alpha=0.07, linewidth=0)


def _coordinates(points: Sequence[StudyPoint]) -> tuple[list[float], list[float]]:
    """LUTs and mean efficiencies."""
    return [point.luts or 0 for point in points], [point.mean_efficiency for point in points]
