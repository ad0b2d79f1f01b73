"""Plots of events: scores, jets of the kept events, and the spectrum of a blinded search."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from models.mass_windows import MassWindow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Events = Mapping[str, np.ndarray]
JET_PLOTS = (
    ("jet1_softdrop_mass", r"Soft-drop mass of the heavier jet (GeV)", (0, 600)),
    ("jet2_softdrop_mass", r"Soft-drop mass of the lighter jet (GeV)", (0, 600)),
    ("jet1_tau21", r"$\tau_{21}$ of the heavier jet", (0, 1)),
    ("jet2_tau21", r"$\tau_{21}$ of the lighter jet", (0, 1)),
)


def new_figure(
    rows: int = 1, columns: int = 1, size: tuple[float, float] = (8, 6)
) -> tuple["Figure", np.ndarray]:
    """Return a figure in the style of the experiments and its axes, shape (rows, columns)."""
    import mplhep
    from matplotlib import pyplot

    with pyplot.style.context([mplhep.style.CMS, {"font.size": 15}]):
        return pyplot.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")


def plot_scores(events: Events, score: np.ndarray, threshold: float, window: MassWindow) -> "Figure":
    """Plot the anomaly score, shape (n,), of the mass window, of what is outside and of injected signal."""
    figure, axes = new_figure()
    inside = window.in_signal_region(events["mjj"])
    injected = events["is_injected"]
    groups = {
        f"window {window.low:g}–{window.high:g} GeV": inside,
        "outside": ~inside,
        f"injected signal ({injected.sum()})": injected,
    }
    edges = np.linspace(0, 1, 51)
    _draw_shapes(axes[0, 0], {name: score[chosen] for name, chosen in groups.items()}, edges)
    axes[0, 0].axvline(threshold, color="black", linestyle="--", label=f"cut at {threshold:.3f}")
    axes[0, 0].set(xlabel="Anomaly score", ylabel="Fraction of events / 0.02", yscale="log", xlim=(0, 1))
    axes[0, 0].set_ylim(1e-4, 10)
    axes[0, 0].legend(loc="upper left", fontsize=14)
    return figure


def plot_kept_jets(events: Events, kept: np.ndarray, rest: np.ndarray) -> "Figure":
    """Plot jet masses and tau21 of the kept events against the rest (bool masks, shape (n,))."""
    figure, axes = new_figure(2, 2, (13, 10))
    groups = {f"kept ({kept.sum()})": kept, "rest": rest}
    for axis, (column, title, limits) in zip(axes.flat, JET_PLOTS, strict=True):
        edges = np.linspace(*limits, 41)
        _draw_shapes(axis, {name: events[column][chosen] for name, chosen in groups.items()}, edges)
        axis.set(xlabel=title, ylabel="Fraction of events", xlim=limits)
    axes[0, 0].legend(fontsize=15)
    return figure


def plot_blinded_spectrum(mjj: np.ndarray, windows: Sequence[MassWindow]) -> "Figure":
    """Plot m_jj (GeV, shape (n,)) outside the closed windows, which are shaded."""
    from fits.spectrum import dijet_edges

    figure, axes = new_figure()
    window_edges = [edge for window in windows for edge in (window.low, window.high)]
    edges = np.union1d(dijet_edges(), window_edges)
    counts, _ = np.histogram(mjj, edges)
    axes[0, 0].stairs(counts / np.diff(edges), edges, color="black", label="open events")
    for window in windows:
        axes[0, 0].axvspan(window.low, window.high, color="tab:red", alpha=0.15, label="closed signal region")
    axes[0, 0].set(xlabel=r"$m_{jj}$ (GeV)", ylabel="Events / GeV", yscale="log")
    axes[0, 0].legend()
    return figure


def _draw_shapes(axis: "Axes", groups: Mapping[str, np.ndarray], edges: np.ndarray) -> None:
    for name, values in groups.items():
        if len(values):
            counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
            errors = np.sqrt(counts) / len(values)
            axis.stairs(counts / len(values), edges, label=name, linewidth=2)
            axis.errorbar(
                (edges[1:] + edges[:-1]) / 2,
                counts / len(values),
                errors,
                fmt="none",
                ecolor="grey",
                elinewidth=1,
            )
