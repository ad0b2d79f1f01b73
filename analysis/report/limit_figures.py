"""Figures of limits on cross sections: efficiencies against what was injected, limits side by side."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.report.drawing import new_figure
from analysis.report.limit_rows import INCLUSIVE, LimitRow
from analysis.report.score_figures import Figures, file_name
from fits.limits.weak_supervision import InjectedEfficiencies

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKERS = "os^vD<>Pph"
_LIMITS, _REACH = (
    "95% CL limit [fb]: expected, observed (open)",
    "Cross section [fb] with 3σ (open), 5σ expected",
)


def limit_figures(rows: Sequence[LimitRow], label: str) -> Figures:
    """All signals of a mass side by side, then of each the efficiency curves: name, caption, figure."""
    for mass in dict.fromkeys(row.mass for row in rows):
        some = [row for row in rows if row.mass == mass]
        yield f"limits_{mass:g}", f"Limits on all signals at {mass:g} GeV", _side_by_side(some, label)
    constant = {row.signal.sample: row.efficiency for row in rows if row.method == INCLUSIVE}
    for row in rows:
        if row.efficiencies[0]["cross_section"] is not None:
            yield _efficiency(row, constant.get(row.signal.sample), label)


def _efficiency(row: LimitRow, inclusive: float | None, label: str) -> "tuple[str, str, Figure]":
    from fits.plots.efficiency_curve import plot_efficiency_curve

    columns = ([point[key] for point in row.efficiencies] for key in ("cross_section", "efficiency", "error"))
    curve = InjectedEfficiencies(*map(np.array, columns))
    figure = plot_efficiency_curve(curve, inclusive=inclusive, label=label)
    caption = f"Efficiency of {row.method} for {row.signal.title} {row.signal.daughters}, {row.mass:g} GeV"
    return file_name(f"efficiency_{row.signal.sample}_{row.method}"), caption, figure


def _side_by_side(rows: Sequence[LimitRow], label: str) -> "Figure":
    """Limits with their 68 % band, and the cross sections of 3 and 5 sigma."""
    samples = list(dict.fromkeys(row.signal.sample for row in rows))
    methods = list(dict.fromkeys(row.method for row in rows))
    size = (15, 2.6 + 0.42 * len(samples) * max(len(methods) / 4, 1))
    figure, axes = new_figure(1, 2, size=size, label=label)
    limits, reach = axes[0]
    for row in rows:
        number = methods.index(row.method)
        place = samples.index(row.signal.sample) + 0.6 * ((number + 0.5) / len(methods) - 0.5)
        style = {"color": f"C{number}", "marker": _MARKERS[number % len(_MARKERS)], "ls": ""}
        _draw(limits, reach, row, place, style)
    titles = {row.signal.sample: f"{row.signal.title}, {row.signal.daughters}".strip(", ") for row in rows}
    for axis, words in ((limits, _LIMITS), (reach, _REACH)):
        _lay_out(axis, words, len(samples))
    limits.set_yticks(range(len(samples)), [titles[one] for one in samples])
    reach.set_yticks(range(len(samples)), [""] * len(samples))
    handles = [
        reach.plot([], [], color=f"C{number}", marker=_MARKERS[number % len(_MARKERS)], ls="")[0]
        for number in range(len(methods))
    ]
    reach.legend(handles, methods, fontsize=11, bbox_to_anchor=(1, 1), loc="upper left")
    return figure


def _draw(limits: "Axes", reach: "Axes", row: LimitRow, place: float, style: dict[str, Any]) -> None:
    if row.expected is not None and row.observed is not None:
        _, low, median, high, _ = row.expected
        limits.errorbar([median], [place], xerr=[[median - low], [high - median]], **style)
        limits.plot([row.observed], [place], mfc="none", **style)
    for value, filled in zip(row.reach, (False, True), strict=True):
        if value is not None:
            reach.plot([value], [place], mfc=style["color"] if filled else "none", **style)


def _lay_out(axis: "Axes", words: str, n_signals: int) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axis.set(xlabel=words, xscale="log", ylim=(n_signals - 0.4, -0.6))
    axis.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.tick_params(axis="y", which="minor", left=False, right=False)
    for place in range(n_signals - 1):
        axis.axhline(place + 0.5, color="lightgrey", lw=0.8)
