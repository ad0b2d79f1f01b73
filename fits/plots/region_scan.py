"""Figures of a scan of many distributions: yields, regions of interest, and how p-tilde is distributed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from fits.plots.style import COLOURS, GREY, RED, write_label
from fits.spectrum import FloatArray

_TICKS = (50, 100, 200, 500, 1000, 2000, 5000, 10_000)
_RARITY_EDGES = np.arange(0.0, 4.01, 0.25)


@dataclass(frozen=True)
class Stacked:
    """What a figure of stacked groups shows: bins, data, groups (n_groups, n_bins), total errors, titles."""

    edges: FloatArray
    observed: FloatArray
    groups: FloatArray
    errors: FloatArray
    titles: Sequence[str]


def plot_region(
    stacked: Stacked, region: Mapping[str, Any], *, x_title: str, text: str, label: str, right: str
) -> Figure:
    """A distribution with its background by groups, data, and the region of interest shaded.

    Events per bin, since bins widen with what they hold. Below, data over background.
    """
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(9, 8), sharex=True, height_ratios=(3, 1), gridspec_kw={"hspace": 0.06}
    )
    for axes in (top, bottom):
        axes.axvspan(region["low"], region["high"], color=RED, alpha=0.12, linewidth=0)
    draw_stack(top, stacked)
    draw_ratio(bottom, stacked)
    there = np.flatnonzero((stacked.groups.sum(axis=0) > 0) | (stacked.observed > 0))
    bottom.set_xscale("log")
    bottom.set_xlim(
        stacked.edges[max(there[0] - 1, 0)], stacked.edges[min(there[-1] + 2, len(stacked.edges) - 1)]
    )
    bottom.set_xticks([tick for tick in _TICKS if bottom.get_xlim()[0] <= tick <= bottom.get_xlim()[1]])
    bottom.xaxis.set_major_formatter("{x:g}")
    bottom.xaxis.set_minor_formatter("")
    bottom.set_xlabel(x_title)
    top.set_ylabel("Events per bin")
    top.legend(
        title=text, ncols=2, fontsize=12, title_fontsize=12, loc="upper right", frameon=True, framealpha=0.9
    )
    write_label(top, label, right)
    return figure


def plot_yields(stacked: Stacked, names: Sequence[str], *, label: str, right: str) -> Figure:
    """Total yields of classes side by side, stacked by groups, with data and total errors."""
    figure, (top, bottom) = plt.subplots(
        2,
        1,
        figsize=(max(10.0, 3 + 0.34 * len(names)), 9),
        sharex=True,
        height_ratios=(3, 1),
        gridspec_kw={"hspace": 0.06},
        layout="constrained",
    )
    draw_stack(top, stacked)
    top.set_ylim(bottom=0.5)
    draw_ratio(bottom, stacked)
    bottom.set_xlim(stacked.edges[0], stacked.edges[-1])
    bottom.set_xticks(np.arange(len(names)) + 0.5, names, rotation=90, fontsize=11)
    bottom.minorticks_off()
    top.tick_params(axis="x", which="both", bottom=False, top=False)
    top.set_ylabel("Events")
    top.legend(ncols=4, fontsize=12, loc="upper right", frameon=True, framealpha=0.9)
    write_label(top, label, right)
    return figure


def plot_rarity(p_tilde: FloatArray, rounds: FloatArray, *, text: str, label: str, right: str) -> Figure:
    """How p-tilde (n,) is distributed over classes, beside pseudo-experiments, (n, n_rounds).

    The bands hold 68 % and 95 % of the pseudo-experiments, the line is their mean. What is rarer than the
    last bin is in it.
    """
    edges = _RARITY_EDGES[np.log10(rounds.shape[1]) + 1e-9 >= _RARITY_EDGES]
    most = edges[-1] - 1e-9
    observed = np.histogram(np.minimum(-np.log10(np.maximum(p_tilde, 1e-12)), most), edges)[0]
    each = np.array([np.histogram(np.minimum(-np.log10(one), most), edges)[0] for one in rounds.T])
    figure, axes = plt.subplots(figsize=(9, 7))
    for low, high, colour, name in ((2.5, 97.5, "#F5BB54", "95 %"), (16, 84, "#607641", "68 %")):
        ends = np.percentile(each, [low, high], axis=0)
        axes.stairs(
            ends[1], edges, baseline=ends[0], fill=True, color=colour, label=f"{name} of pseudo-experiments"
        )
    axes.stairs(each.mean(axis=0), edges, color="black", linestyle="--", linewidth=1.5, label="their mean")
    centres = (edges[1:] + edges[:-1]) / 2
    axes.plot(centres, observed, "ko", markersize=7, label="Data")
    axes.set_yscale("symlog", linthresh=1)
    axes.set_ylim(0, 4 * max(observed.max(), each.max()))
    axes.set_xlim(edges[0], edges[-1])
    axes.set_xlabel(r"$-\log_{10}\,\tilde{p}$")
    axes.set_ylabel("Classes")
    axes.legend(title=text, title_fontsize=13)
    write_label(axes, label, right)
    return figure


def draw_stack(axes: Axes, stacked: Stacked) -> None:
    """Groups on top of each other on a logarithmic axis, the smallest lowest, with errors and data."""
    total = stacked.groups.sum(axis=0)
    filled = np.concatenate([total[total > 0], stacked.observed[stacked.observed > 0]])
    lowest = max(0.3 * float(filled.min()), 1e-3 * float(filled.max()), 1e-2)
    below = np.zeros_like(total)
    for place in np.argsort(stacked.groups.sum(axis=1), kind="stable"):
        if stacked.groups[place].sum() <= 0:
            continue
        above = below + stacked.groups[place]
        axes.stairs(
            above,
            stacked.edges,
            baseline=below,
            fill=True,
            color=COLOURS[place % 10],
            label=stacked.titles[place],
        )
        below = above
    ends = np.maximum(total - stacked.errors, lowest), total + stacked.errors
    axes.fill_between(
        stacked.edges,
        np.append(ends[0], ends[0][-1]),
        np.append(ends[1], ends[1][-1]),
        step="post",
        hatch="////",
        facecolor="none",
        edgecolor="#555555",
        linewidth=0.0,
    )
    centres, counts = _middles(stacked.edges), stacked.observed
    shown = counts > 0
    axes.errorbar(
        centres[shown],
        counts[shown],
        yerr=_poisson(counts[shown]),
        fmt="ko",
        markersize=5,
        linewidth=1.2,
        label="Data",
    )
    axes.set_yscale("log")
    axes.set_ylim(lowest, 60 * float(filled.max()))


def draw_ratio(axes: Axes, stacked: Stacked) -> None:
    """Data over background with the relative error of the background as a band."""
    total = stacked.groups.sum(axis=0)
    known = total > 0
    relative = np.divide(stacked.errors, total, out=np.zeros_like(total), where=known)
    below, above = np.where(known, 1 - relative, np.nan), np.where(known, 1 + relative, np.nan)
    axes.fill_between(
        stacked.edges,
        np.append(below, below[-1]),
        np.append(above, above[-1]),
        step="post",
        color=GREY,
        alpha=0.5,
        linewidth=0,
    )
    shown = known & (stacked.observed > 0)
    ratios = stacked.observed[shown] / total[shown]
    axes.errorbar(
        _middles(stacked.edges)[shown],
        ratios,
        yerr=_poisson(stacked.observed[shown]) / total[shown],
        fmt="ko",
        markersize=4,
        linewidth=1,
    )
    axes.axhline(1, color="black", linewidth=1)
    axes.set_ylim(0, 2.6)
    axes.set_ylabel("Data / bkg.")


def _middles(edges: FloatArray) -> FloatArray:
    """Of bins: geometric where they widen, as axes of such figures are logarithmic."""
    return np.sqrt(edges[1:] * edges[:-1]) if edges[0] > 0 else (edges[1:] + edges[:-1]) / 2


def _poisson(counts: FloatArray) -> FloatArray:
    """68 % intervals of counts above zero (Garwood), (2, n)."""
    return np.stack(
        [counts - stats.chi2.ppf(0.16, 2 * counts) / 2, stats.chi2.ppf(0.84, 2 * counts + 2) / 2 - counts]
    )
