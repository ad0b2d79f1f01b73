"""Figures of a grid of two masses: how significant each cell is, and the spectrum of the best window."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from analysis.report.drawing import new_figure
from analysis.report.score_figures import Figures, file_name


def grid_figures(found: Mapping[str, Any], cells: Mapping[str, np.ndarray], label: str) -> Figures:
    """The most significant window of every spectrum, and the best spectrum, from what is stored."""
    yield (
        file_name(f"grid_{found['name']}"),
        f"Significance in the grid {found['name']}",
        _overview(found, cells, label),
    )
    yield (
        file_name(f"grid_{found['name']}_best"),
        f"Spectrum of the most significant window of the grid {found['name']}",
        _best(found, cells, label),
    )


def _overview(found: Mapping[str, Any], cells: Mapping[str, np.ndarray], label: str) -> Any:
    """Every spectrum as a bar over its most significant window, coloured by the local significance."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.patches import Rectangle
    from matplotlib.ticker import FuncFormatter

    figure, axes = new_figure(size=(10, 8), label=label)
    axis = axes[0, 0]
    spectra, ends = found["found"]["spectra"], cells["edges"][[0, -1]]
    colours = ScalarMappable(
        Normalize(0, max(3.0, *(one["local_significance"] for one in spectra))), "viridis_r"
    )
    for one in sorted(spectra, key=lambda one: one["local_significance"]):
        if one["local_p_value"] < 1:
            corner, size = (one["first"], one["low"]), (one["last"] - one["first"], one["high"] - one["low"])
            colour = colours.to_rgba(one["local_significance"])
            axis.add_patch(Rectangle(corner, *size, facecolor=colour, edgecolor="black", linewidth=0.8))
    edges = [one[name] for one in spectra for name in ("low", "high")]
    axis.hlines(edges, *ends, color="#d8d8d8", linewidth=0.6, zorder=0)
    axis.set(xlabel=found["titles"][1], ylabel=found["titles"][0], yscale="log")
    axis.set(xlim=ends, ylim=(min(edges) * 0.95, max(edges) * 1.05))
    for ticks in (axis.yaxis.set_major_formatter, axis.yaxis.set_minor_formatter):
        ticks(FuncFormatter(lambda value, _: f"{value:.0f}"))
    figure.colorbar(colours, ax=axis, label=r"local significance [$\sigma$]")
    return figure


def _best(found: Mapping[str, Any], cells: Mapping[str, np.ndarray], label: str) -> Any:
    """Events and background in the window of the smallest p-value."""
    best = found["found"]["best"]
    place = int(np.argmin(np.abs(cells["windows"] - [best["low"], best["high"]]).sum(axis=1)))
    ends = np.unique(cells["windows"])
    inside = (ends[:-1] >= best["low"]) & (ends[1:] <= best["high"])
    counts, expected = (cells[name][inside].sum(axis=0) for name in ("counts", "expected"))
    error, edges = cells["error_of_spectra"][place], cells["edges"]
    figure, axes = new_figure(size=(9, 7), label=label)
    axis = axes[0, 0]
    axis.stairs(
        expected + error,
        edges,
        baseline=np.maximum(expected - error, 0),
        fill=True,
        color="#ffa90e",
        alpha=0.5,
        label="background, with its error",
    )
    axis.stairs(expected, edges, color="#bd1f01", linewidth=2)
    centres = (edges[1:] + edges[:-1]) / 2
    some, top = counts > 0, float(max((counts + np.sqrt(counts)).max(), (expected + error).max()))
    axis.errorbar(centres[some], counts[some], np.sqrt(counts[some]), fmt="ko", label="events")
    for end in (best["first"], best["last"]):
        axis.axvline(end, color="grey", linestyle="--")
    axis.set(
        xlabel=found["titles"][1], ylabel="Events per bin", ylim=(0, 1.4 * top), xlim=(edges[0], edges[-1])
    )
    axis.legend(
        title=f"{best['low']:.0f} to {best['high']:.0f} GeV of {found['titles'][0].split(' [')[0]}",
        fontsize=14,
    )
    return figure
