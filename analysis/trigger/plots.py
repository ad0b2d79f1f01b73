"""Plots of a trigger score: rates, efficiencies and stability against pile-up."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analysis.report.plots import new_figure
from firmware.efficiencies import PileupProfile, roc
from firmware.rates import ZeroBiasRates

if TYPE_CHECKING:
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
    axis.set(xlabel="Rate (kHz)", ylabel="Signal efficiency", xscale="log", ylim=(0, 1.02))
    axis.legend(loc="upper left")
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
        axis.set(ylabel=title, ylim=(0, None))
    axes[-1, 0].set_xlabel("Collisions per crossing")
    return figure
