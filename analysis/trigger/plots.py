"""Plots of a trigger score: rates, efficiencies and stability against pile-up."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analysis.report.plots import new_figure
from firmware.efficiencies import PileupProfile, roc
from firmware.quantisation_study import StudyPoint, pareto_front
from firmware.rates import ZeroBiasRates

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLES = {
    "level1_ttbar": r"$t\bar{t}$",
    "level1_h_to_4b": r"$h\to aa\to 4b$",
    "level1_h_to_4tau": r"$h\to aa\to 4\tau$",
    "level1_a_to_4l": r"$A\to 4\ell$",
    "level1_leptoquark": r"$LQ\to b\tau$",
    "level1_charged_higgs": r"$H^+\to\tau\nu$",
}
COLOURS = ("#3f90da", "#bd1f01", "#ffa90e", "#94a4a2", "#832db6", "#a96b59", "#e76300")
MARKERS = "os^Dv<>"
N_THRESHOLDS = 300


def plot_rates(rates: ZeroBiasRates, menu: NDArray[np.bool_]) -> "Figure":
    """Rate and pure rate (kHz) against the threshold, with statistical bands."""
    figure, ((axis,),) = new_figure()
    thresholds = np.unique(
        np.quantile(rates.scores, 1 - np.geomspace(1, 1 / len(rates.scores), N_THRESHOLDS))
    )
    for title, others, colour in (
        ("all crossings", None, COLOURS[0]),
        ("not taken by the menu", menu, COLOURS[1]),
    ):
        points = [rates.at(threshold, others=others) for threshold in thresholds]
        values = np.array([(point.rate, point.error) for point in points])
        axis.plot(thresholds, values[:, 0], color=colour, label=title)
        low, high = values[:, 0] - values[:, 1], values[:, 0] + values[:, 1]
        axis.fill_between(thresholds, np.maximum(low, 1e-9), high, color=colour, alpha=0.3)
    one_event = rates.base_rate / len(rates.scores)
    axis.set(xlabel="Anomaly score threshold", ylabel="Rate (kHz)", yscale="log", ylim=(one_event / 2, None))
    axis.legend()
    return figure


def plot_efficiencies(rates: ZeroBiasRates, signals: Mapping[str, NDArray[np.float64]]) -> "Figure":
    """Efficiency of each signal against the total rate (kHz)."""
    figure, ((axis,),) = new_figure()
    for (name, scores), colour in zip(signals.items(), COLOURS, strict=False):
        rate, kept = roc(rates, scores)
        above = rate > 0
        axis.step(rate[above], kept[above], color=colour, where="post", label=TITLES.get(name, name))
    diagonal = np.geomspace(rates.base_rate / len(rates.scores), rates.base_rate, 200)
    axis.plot(diagonal, diagonal / rates.base_rate, "k:", label="no discrimination")
    axis.set(xlabel="Rate (kHz)", ylabel="Signal efficiency", xscale="log", ylim=(0, 1.4))
    axis.legend(loc="upper left", ncols=2, frameon=False)
    return figure


def plot_pileup(profile: PileupProfile) -> "Figure":
    """Mean score and accepted fraction against the number of collisions per crossing."""
    figure, axes = new_figure(2, 1, (8, 8))
    centres, half_widths = (profile.edges[1:] + profile.edges[:-1]) / 2, np.diff(profile.edges) / 2
    panels = (
        ("Mean anomaly score", profile.mean, profile.mean_error),
        ("Accepted fraction", profile.fraction, profile.fraction_error),
    )
    for axis, (title, values, errors) in zip(axes.ravel(), panels, strict=True):
        axis.errorbar(centres, values, errors, half_widths, "o", color=COLOURS[0])
        axis.set(ylabel=title, ylim=(0, 1.2 * np.nanmax(values)))
    axes[-1, 0].set_xlabel("Collisions per crossing")
    return figure


def plot_study(
    points: Sequence[StudyPoint],
    chosen: StudyPoint,
    lut_budget: float | None = None,
    reference: StudyPoint | None = None,
) -> "Figure":
    """Mean efficiency against LUTs, one marker per weight bits; points without LUTs are lines."""
    figure, ((axis,),) = new_figure(size=(9, 7))
    built = [point for point in points if point.luts is not None]
    for bits, colour, marker in zip(
        sorted({point.weight_bits or 0 for point in built}), COLOURS, MARKERS, strict=False
    ):
        _draw_points(axis, [point for point in built if point.weight_bits == bits], colour, marker)
    front = pareto_front(points)
    axis.step(*_coordinates(front), where="post", color="grey", linewidth=1, zorder=0, label="Pareto front")
    axis.plot(*_coordinates([chosen]), "o", markersize=22, fillstyle="none", color="black", label="chosen")
    if reference is not None:
        axis.plot(*_coordinates([reference]), "k*", markersize=16, label=reference.name.replace("_", " "))
    for point in points:
        if point.luts is None:
            axis.axhline(point.mean_efficiency, color="black", linestyle=":", label="floating point")
    if lut_budget is not None:
        axis.axvline(lut_budget, color="black", linestyle="--", label="budget")
    axis.set(
        xlabel="LUTs (estimate without place-and-route)",
        ylabel=f"Mean signal efficiency at {chosen.rate.rate:.2g} kHz",
    )
    axis.set_ylim(0, None)
    axis.legend(fontsize=13)
    return figure


def _draw_points(axis: "Axes", points: Sequence[StudyPoint], colour: str, marker: str) -> None:
    label = f"{points[0].weight_bits}-bit weights"
    axis.plot(*_coordinates(points), marker, linestyle=":", color=colour, markersize=9, label=label)
    for point in points:
        place = (point.luts or 0, point.mean_efficiency)
        text = f"{point.sparsity:.0%}"
        axis.annotate(text, place, (6, 6), textcoords="offset points", fontsize=11, color=colour)


def _coordinates(points: Sequence[StudyPoint]) -> tuple[list[float], list[float]]:
    """LUTs and mean efficiencies."""
    return [point.luts or 0 for point in points], [point.mean_efficiency for point in points]
