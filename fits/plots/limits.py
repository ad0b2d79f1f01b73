"""Figure of upper limits along the mass, with the bands of those expected without signal."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fits.plots.style import BAND_1, BAND_2, COLOURS, LABEL, RED, RESONANCE_TITLE, style, write_label
from fits.spectrum import FloatArray


def plot_limits(
    masses: npt.ArrayLike,
    expected: npt.ArrayLike,
    observed: npt.ArrayLike | None = None,
    *,
    predictions: Mapping[str, npt.ArrayLike] | None = None,
    y_title: str = "95% CL upper limit on signal events",
    x_title: str = RESONANCE_TITLE,
    label: str = LABEL,
    right: str = "",
) -> Figure:
    """Observed and expected limits with bands of one and two standard deviations.

    `masses` (n,) in GeV, `expected` (n, 5) for background that fluctuates by -2, -1, 0, 1, 2 standard
    deviations, `observed` (n,), `predictions` of models (n,) by name. NaN, from a failed fit, leaves a gap.
    """
    masses, expected = np.asarray(masses, dtype=float), np.asarray(expected, dtype=float)
    with style():
        figure, axes = plt.subplots(figsize=(9, 7))
        low2, low1, median, high1, high2 = expected.T
        axes.fill_between(masses, low2, high2, color=BAND_2, linewidth=0, label="Expected ± 2σ")
        axes.fill_between(masses, low1, high1, color=BAND_1, linewidth=0, label="Expected ± 1σ")
        axes.plot(masses, median, "k--", linewidth=2, label="Median expected")
        if observed is not None:
            axes.plot(masses, observed, "ko-", markersize=5, linewidth=2, label="Observed")
        for (name, values), colour in zip((predictions or {}).items(), (RED, *COLOURS[2:]), strict=False):
            axes.plot(masses, values, "-.", color=colour, linewidth=2, label=name)
        axes.set(xlabel=x_title, ylabel=y_title, yscale="log")
        if masses.min() < masses.max():
            axes.set_xlim(masses.min(), masses.max())
        drawn = expected if observed is None else np.column_stack([expected, np.asarray(observed, float)])
        _leave_room(axes, drawn)
        _order_legend(axes)
        write_label(axes, label, right)
    return figure


def _leave_room(axes: Axes, values: FloatArray) -> None:
    """Half a decade below, more than one above for the legend."""
    values = values[np.isfinite(values) & (values > 0)]
    if values.size:
        axes.set_ylim(values.min() / 3, values.max() * 12)


def _order_legend(axes: Axes) -> None:
    """Observed first, then expected from the inside out, then models."""
    handles, labels = axes.get_legend_handles_labels()
    order = ["Observed", "Median expected", "Expected ± 1σ", "Expected ± 2σ"]
    place = dict(zip(order, range(len(order)), strict=True))
    ranked = sorted(zip(labels, handles, strict=True), key=lambda pair: place.get(pair[0], len(order)))
    axes.legend([handle for _, handle in ranked], [text for text, _ in ranked], loc="upper right")
