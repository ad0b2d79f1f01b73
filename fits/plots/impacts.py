"""Figure of impacts: which nuisance parameters move the result, and how the data pulled them."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fits.plots.style import BLUE, LABEL, RED, style, write_label
from fits.spectrum import FloatArray


def plot_impacts(
    names: Sequence[str],
    pulls: npt.ArrayLike,
    pull_errors: npt.ArrayLike,
    impacts: npt.ArrayLike,
    *,
    result: str = "",
    largest: int = 20,
    parameter: str = "signal yield",
    label: str = LABEL,
) -> Figure:
    """Nuisance parameters ranked by their impact, with their pulls.

    `names` of n parameters; `pulls` (n,) in units of the error before the fit; `pull_errors` (n,), or (n, 2)
    downwards and upwards; `impacts` (n, 2), change of the parameter of interest when the nuisance goes to its
    lower and upper end. `result` is text such as "r = 0.61 ± 0.12"; only the `largest` are drawn.
    """
    moved = np.asarray(impacts, dtype=float)
    order = np.argsort(-np.abs(moved).max(axis=1))[:largest]
    rows = np.arange(len(order))[::-1]
    errors = np.broadcast_to(np.atleast_2d(np.asarray(pull_errors, dtype=float).T), (2, len(moved)))
    with style():
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(12, 2.6 + 0.45 * len(order)), sharey=True, layout="constrained"
        )
        _draw_pulls(left, rows, np.asarray(pulls, dtype=float)[order], errors[:, order])
        _draw_impacts(right, rows, moved[order], parameter)
        left.set_yticks(rows, [names[place].replace("_", " ") for place in order])
        left.set_ylim(-0.7, len(order) - 0.3)
        for axes in (left, right):
            axes.tick_params(axis="y", which="both", left=False, right=False)
            axes.grid(axis="x", color="lightgrey", linewidth=0.8)
            axes.set_axisbelow(True)
        write_label(left, label)
        write_label(right, "", result)
    return figure


def _draw_pulls(axes: Axes, rows: npt.NDArray[np.intp], pulls: FloatArray, errors: FloatArray) -> None:
    axes.axvspan(-1, 1, color="lightgrey", alpha=0.4, linewidth=0)
    axes.axvline(0, color="grey", linewidth=1)
    axes.errorbar(pulls, rows, xerr=errors, fmt="ko", markersize=6, capsize=4, linewidth=1.6)
    furthest = max(2.0, 1.1 * float(np.max(np.abs(pulls) + errors.max(axis=0))))
    axes.set(xlim=(-furthest, furthest), xlabel=r"Pull, $(\hat\theta - \theta_0)\,/\,\Delta\theta$")


def _draw_impacts(axes: Axes, rows: npt.NDArray[np.intp], impacts: FloatArray, parameter: str) -> None:
    axes.barh(rows, impacts[:, 1], height=0.6, color=RED, alpha=0.75, label=r"$\theta$ up")
    axes.barh(rows, impacts[:, 0], height=0.6, color=BLUE, alpha=0.75, label=r"$\theta$ down")
    axes.axvline(0, color="grey", linewidth=1)
    furthest = 1.25 * float(np.max(np.abs(impacts), initial=1e-300))
    axes.set(xlim=(-furthest, furthest), xlabel=f"Impact on the {parameter}")
    axes.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor="none")
