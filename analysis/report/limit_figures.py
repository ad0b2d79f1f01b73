"""Figures of limits on cross sections: efficiencies against what was injected, limits side by side."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.report.drawing import new_figure
from analysis.report.score_figures import Figures, file_name
from fits.limits.weak_supervision import InjectedEfficiencies

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def limit_figures(limits: Mapping[str, Any], label: str) -> Figures:
    """For each signal and shift the efficiency curves and a comparison of limits: name, caption, figure."""
    from fits.plots.efficiency_curve import plot_efficiency_curve

    for stored in limits.values():
        constant = [one["efficiencies"][0]["efficiency"] for one in stored["found"] if one["hunt"] is None]
        for one in stored["found"]:
            if one["hunt"] is None:
                continue
            curve = one["efficiencies"]
            columns = ([point[key] for point in curve] for key in ("cross_section", "efficiency", "error"))
            figure = plot_efficiency_curve(
                InjectedEfficiencies(*map(np.array, columns)),
                inclusive=constant[0] if constant else None,
                label=label,
            )
            caption = f"Efficiency for {stored['name']} after {one['fit']}, {one['part']}"
            yield file_name(f"efficiency_{stored['name']}_{one['fit']}_{one['part']}"), caption, figure
        yield (
            f"limits_{stored['name']}",
            f"Limits and discovery reach for {stored['name']}",
            _compared(stored, label),
        )


def _compared(stored: Mapping[str, Any], label: str) -> "Figure":
    """Limits with expected bands, and the cross sections of 3 and 5 sigma, one row for each fit."""
    figure, axes = new_figure(size=(10, 2.5 + 0.9 * len(stored["found"])), label=label)
    axis = axes[0, 0]
    for row, one in enumerate(stored["found"]):
        expected, observed = one["limit"]["expected"], one["limit"]["observed"]
        if expected is not None:
            axis.barh(row, expected[4] - expected[0], left=expected[0], height=0.5, color="#F5BB54")
            axis.barh(row, expected[3] - expected[1], left=expected[1], height=0.5, color="#607641")
            axis.plot(
                [expected[2]] * 2,
                [row - 0.25, row + 0.25],
                "k--",
                label=None if row else "Median expected limit",
            )
            axis.plot(observed, row, "ko", label=None if row else "Observed limit")
        for value, marker, text in zip(
            one["reach"]["values"] or (None, None), "^*", ("3σ", "5σ"), strict=True
        ):
            if value is not None:
                axis.plot(
                    value,
                    row + 0.35,
                    marker,
                    color="tab:red",
                    markersize=9,
                    label=None if row else f"{text} expected",
                )
    names = [
        f"{one['fit']}, {one['part']}" if one["hunt"] else f"{one['fit']}, all events"
        for one in stored["found"]
    ]
    axis.set_yticks(np.arange(len(names)), names)
    axis.set(xlabel="Cross section [fb]", xscale="log", ylim=(-0.6, len(names) + 0.2))
    axis.legend(fontsize=11, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure
