"""Figure of the efficiency of a selection that learns from the data, against the injected signal."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from fits.limits.weak_supervision import InjectedEfficiencies
from fits.plots.style import BLUE, GREY, LABEL, style, write_label

_ROOM = 1.35  # above the points, for the legend


def plot_efficiency_curve(
    efficiencies: InjectedEfficiencies,
    *,
    inclusive: float | None = None,
    x_title: str = "Injected cross section [fb]",
    label: str = LABEL,
    right: str = "",
) -> Figure:
    """Efficiency with its errors against the injected cross section.

    `inclusive` is the efficiency of a selection that does not learn, such as that of all events, which is
    drawn as a line.
    """
    values, errors = efficiencies.efficiencies, np.asarray(efficiencies.errors)
    with style():
        figure, axes = plt.subplots(figsize=(9, 7))
        axes.errorbar(
            efficiencies.cross_sections,
            values,
            errors,
            fmt="o-",
            color=BLUE,
            markersize=6,
            linewidth=2,
            capsize=3,
            label="Anomaly selection",
        )
        if inclusive is not None:
            axes.axhline(inclusive, color=GREY, linestyle="--", linewidth=2, label="Inclusive")
        top = max(float(np.max(values + errors)), inclusive or 0.0)
        axes.set(xlabel=x_title, ylabel="Signal efficiency", ylim=(0, _ROOM * top or 1.0))
        axes.set_xlim(left=0)
        axes.legend(loc="upper left", ncols=2)
        write_label(axes, label, right)
    return figure
