"""Figures of anomaly triggers: efficiency against rate, rate against threshold, score against pile-up."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import mplhep
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from firmware.performance.efficiencies import Efficiency, PileupProfile, roc
from firmware.performance.rates import Rate, ZeroBiasRates

COLOURS = ("#3f90da", "#ffa90e", "#bd1f01", "#832db6", "#a96b59", "#94a4a2")  # for colour-blind eyes too
STYLE = {
    "font.size": 16,
    "axes.labelsize": 18,
    "legend.fontsize": 13,
    "xtick.labelsize": 15,
    "ytick.labelsize": 15,
}
_FEWEST = 10  # zero-bias events below which a rate is not drawn


def plot_efficiency_against_rate(
    rates: ZeroBiasRates,
    signals: Mapping[str, ArrayLike],
    *,
    working_points: Sequence[float] = (),
    label: str = "Mapless simulation",
) -> Figure:
    """Signal efficiency against total rate (kHz, logarithmic), one line per signal.

    Args:
        rates: of zero-bias events; rates of fewer than ten events are not drawn.
        signals: scores of shape (n_events,) by name.
        working_points: rates in kHz to mark.
        label: upper left.
    """
    with plt.style.context([mplhep.style.CMS, STYLE]):
        figure, axes = plt.subplots(figsize=(9, 7))
        lowest = rates.base_rate * _FEWEST / len(rates.scores)
        for (name, scores), colour in zip(signals.items(), COLOURS * len(signals), strict=False):
            rate, kept = roc(rates, scores)
            drawn = rate >= lowest
            axes.plot(rate[drawn], kept[drawn], color=colour, linewidth=2, label=name)
        for point in working_points:
            axes.axvline(point, color="grey", linestyle=":", linewidth=1.2, zorder=0)
            axes.text(point, 1.01, f" {point:g} kHz", color="grey", fontsize=12, ha="center", va="bottom")
        everything = np.geomspace(lowest, rates.base_rate, 200)
        axes.plot(everything, everything / rates.base_rate, "--", color="grey", label="random")
        axes.set(xlabel="Total rate [kHz]", ylabel="Signal efficiency", xscale="log", ylim=(0, 1.0))
        axes.set_xlim(lowest, rates.base_rate)
        axes.legend(loc="best", frameon=True, framealpha=0.9, edgecolor="none")
        axes.set_title(label, loc="left", fontsize=16, fontweight="bold", pad=22 if working_points else 6)
    return figure


def plot_rate_against_threshold(
    rates: ZeroBiasRates,
    *,
    working_points: Mapping[str, Rate] | None = None,
    others: ArrayLike | None = None,
    label: str = "Mapless simulation",
) -> Figure:
    """Rate (kHz) against score threshold with its statistical error, and with `others` also the pure rate.

    Args:
        rates: of zero-bias events.
        working_points: rates to mark by name.
        others: decisions of the rest of the menu, shape (n_events,).
        label: upper left.
    """
    with plt.style.context([mplhep.style.CMS, STYLE]):
        figure, axes = plt.subplots(figsize=(9, 7))
        thresholds = np.unique(
            np.quantile(rates.scores, 1 - np.geomspace(1, _FEWEST / len(rates.scores), 60))
        )
        curves = {"total": [rates.at(threshold) for threshold in thresholds]}
        if others is not None:
            curves["pure"] = [rates.at(threshold, others=others) for threshold in thresholds]
        for (name, points), colour in zip(curves.items(), COLOURS, strict=False):
            rate, error = (np.array([getattr(point, part) for point in points]) for part in ("rate", "error"))
            axes.plot(thresholds, rate, color=colour, linewidth=2, label=f"{name} rate")
            low = np.maximum(rate - error, rate / 10)
            axes.fill_between(thresholds, low, rate + error, color=colour, alpha=0.3, linewidth=0)
        for name, point in (working_points or {}).items():
            text = f"  {name}: {point.rate:.3g} $\\pm$ {point.error:.1g} kHz  "
            side = "left" if point.threshold < np.mean(thresholds[[0, -1]]) else "right"
            axes.plot([point.threshold], [point.rate], "o", color="black", markersize=7)
            axes.text(point.threshold, point.rate, text, ha=side, va="bottom", fontsize=13)
        axes.set(xlabel="Threshold on the score", ylabel="Rate [kHz]", yscale="log")
        axes.legend(loc="upper right")
        axes.set_title(label, loc="left", fontsize=16, fontweight="bold")
    return figure


def plot_pileup_dependence(profile: PileupProfile, *, label: str = "Mapless simulation") -> Figure:
    """Mean score and fraction above the threshold in bins of pile-up, one above the other."""
    with plt.style.context([mplhep.style.CMS, STYLE]):
        figure, (top, bottom) = plt.subplots(2, 1, figsize=(9, 8), sharex=True, gridspec_kw={"hspace": 0.06})
        centres, widths = (profile.edges[1:] + profile.edges[:-1]) / 2, np.diff(profile.edges)
        for axes, values, errors, colour in (
            (top, profile.mean, profile.mean_error, COLOURS[0]),
            (bottom, profile.fraction, profile.fraction_error, COLOURS[2]),
        ):
            axes.errorbar(centres, values, yerr=errors, xerr=widths / 2, fmt="o", color=colour, markersize=6)
            axes.set_ylim(0, 1.3 * float(np.nanmax(values + errors)) or 1.0)
        top.set_ylabel("Mean score")
        bottom.set(xlabel="Number of interactions", ylabel="Fraction kept")
        top.set_title(label, loc="left", fontsize=16, fontweight="bold")
    return figure


def plot_efficiencies(
    results: Mapping[str, Mapping[str, Efficiency]], rate: float, *, label: str = "Mapless simulation"
) -> Figure:
    """Efficiencies of several models at one rate (kHz), signal by signal with 68 % intervals.

    Args:
        results: by model, then by signal.
        rate: at which they hold; written on the axis.
        label: upper left.
    """
    with plt.style.context([mplhep.style.CMS, STYLE]):
        figure, axes = plt.subplots(figsize=(10, 7), layout="constrained")
        names = list(next(iter(results.values())))
        shifts = 0.1 * (np.arange(len(results)) - (len(results) - 1) / 2)
        for found, model, shift, colour in zip(
            results.values(), results, shifts, COLOURS * len(results), strict=False
        ):
            values = np.array([[found[name].value, found[name].low, found[name].high] for name in names]).T
            places, errors = np.arange(len(names)) + shift, np.abs(values[1:] - values[0])
            axes.errorbar(places, values[0], errors, fmt="o", color=colour, label=model)
        axes.minorticks_off()
        axes.set_xticks(np.arange(len(names)), names, rotation=20, ha="right")
        axes.set(ylabel=f"Efficiency at {rate:g} kHz", ylim=(0, None))
        axes.legend(loc="upper left", frameon=True, framealpha=0.9, edgecolor="none")
        axes.set_title(label, loc="left", fontsize=16, fontweight="bold")
    return figure
