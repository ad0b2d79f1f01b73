"""Figures of fits: a spectrum with its background, and local p-values along the mass."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import mplhep
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from fits.fit import SpectrumFit
from fits.goodness_of_fit import chi_square_of_fit, coarse_expectation
from fits.scan import MassScan
from fits.spectrum import FloatArray, Spectrum, coarse

MASS_TITLE = r"$m_{jj}$ [GeV]"
_BLUE, _RED, _ORANGE = "#3f90da", "#bd1f01", "#ffa90e"
_COLOURS = (_BLUE, _RED, _ORANGE, "#94a4a2", "#832db6", "#a96b59")  # readable with colour-blind eyes
_STYLE = {
    "font.size": 16,
    "axes.labelsize": 18,
    "legend.fontsize": 14,
    "xtick.labelsize": 15,
    "ytick.labelsize": 15,
}
_SMALLEST_P_VALUE = 1e-16


def plot_spectrum(
    spectrum: Spectrum,
    fit: SpectrumFit,
    *,
    title: str = "",
    signal: SpectrumFit | None = None,
    x_title: str = MASS_TITLE,
    label: str = "Mapless simulation",
) -> Figure:
    """Spectrum in resolution-wide bins (events per GeV) with fitted background, its error band, and pulls.

    `spectrum` may be finer than those bins; `signal`, a fit with signal of the same spectrum, is drawn on top
    of the background of `fit`. A fit that failed is not drawn: the figure says so.
    """
    with plt.style.context([mplhep.style.CMS, _STYLE]):
        figure, (top, bottom) = plt.subplots(
            2, 1, figsize=(9, 9), sharex=True, height_ratios=(3, 1), gridspec_kw={"hspace": 0.06}
        )
        bins = coarse(spectrum, minimum=1)
        _draw_counts(top, bins)
        if fit.converged:
            _draw_fit(top, fit, bins)
            _draw_pulls(bottom, fit, signal)
        else:
            top.plot([], [], " ", label=f"background fit: {fit.status}")
        if signal is not None and signal.converged:
            _draw_signal(top, signal)
        _finish_spectrum(top, bottom, bins, (title, x_title, label))
    return figure


def plot_p_values(
    scans: Mapping[str, MassScan], *, x_title: str = "Resonance mass [GeV]", label: str = "Mapless simulation"
) -> Figure:
    """Local p-value against mass for each scan, with lines at whole numbers of standard deviations.

    Masses whose fit failed leave a gap, marked by a cross on the upper edge.
    """
    with plt.style.context([mplhep.style.CMS, _STYLE]):
        figure, axes = plt.subplots(figsize=(9, 7))
        smallest = 1e-3
        for (name, scan), colour in zip(scans.items(), _COLOURS * len(scans), strict=False):
            masses, p_values = scan.column("mass"), scan.column("local_p_value")
            failed = np.isnan(p_values)
            drawn = np.maximum(p_values, _SMALLEST_P_VALUE)
            axes.plot(masses, drawn, "o-", color=colour, markersize=5, linewidth=2, label=name)
            axes.plot(masses[failed], np.full(failed.sum(), 0.7), "x", color=colour, markersize=8)
            smallest = min(smallest, np.nanmin(drawn, initial=1.0))
        _draw_significances(axes, smallest)
        axes.set(xlabel=x_title, ylabel="Local p-value", yscale="log")
        axes.set_ylim(smallest / 30, 3)
        axes.legend(loc="best", frameon=True, framealpha=0.9, edgecolor="none")
        axes.set_title(label, loc="left", fontsize=16, fontweight="bold")
    return figure


def _draw_counts(axes: Axes, bins: Spectrum) -> None:
    """Points with 68 % Poisson intervals (Garwood), in events per GeV; nothing for empty bins."""
    filled = bins.counts > 0
    centres, counts, widths = bins.centres[filled], bins.counts[filled], bins.widths[filled]
    below, above = (
        counts - stats.chi2.ppf(0.16, 2 * counts) / 2,
        stats.chi2.ppf(0.84, 2 * counts + 2) / 2 - counts,
    )
    axes.errorbar(
        centres,
        counts / widths,
        yerr=np.stack([below, above]) / widths,
        xerr=widths / 2,
        fmt="ko",
        markersize=5,
        linewidth=1.2,
        label="Events",
        zorder=3,
    )


def _draw_fit(axes: Axes, fit: SpectrumFit, bins: Spectrum) -> None:
    mass = np.geomspace(bins.low, bins.high, 300)
    expected = fit.background_density(mass)
    spread = np.exp(fit.relative_background_error(mass))
    axes.fill_between(mass, expected / spread, expected * spread, color=_BLUE, alpha=0.35, linewidth=0)
    axes.plot(mass, expected, color=_BLUE, linewidth=2, label=f"Background: {fit.background.name}")
    goodness = chi_square_of_fit(fit)
    if goodness.statistic is not None:
        text = f"$\\chi^2$ / ndf = {goodness.statistic:.1f} / {goodness.n_degrees_of_freedom}"
        axes.plot([], [], " ", label=f"{text}, p = {goodness.p_value:.2g}")


def _draw_signal(axes: Axes, signal: SpectrumFit) -> None:
    expected = (signal.expected_background() + signal.expected_signal()) / signal.spectrum.widths
    events, error = (numbers["signal_yield"] for numbers in (signal.result.parameters, signal.result.errors))
    text = f"with signal, {events:.0f} $\\pm$ {error:.0f} events"
    axes.plot(signal.spectrum.centres, expected, color=_RED, linewidth=1.8, linestyle="--", label=text)


def _draw_pulls(axes: Axes, fit: SpectrumFit, signal: SpectrumFit | None) -> None:
    """(observed - expected) / sqrt(expected) in bins of at least 5 events."""
    bins = coarse(fit.spectrum)
    axes.stairs(_pulls(fit, bins), bins.edges, fill=True, color=_BLUE, alpha=0.7)
    if signal is not None and signal.converged:
        axes.stairs(_pulls(signal, bins), bins.edges, color=_RED, linewidth=1.5, linestyle="--")
    axes.axhline(0, color="black", linewidth=1)
    largest = max(3.5, 1.1 * float(np.max(np.abs(_pulls(fit, bins)))))
    axes.set_ylim(-largest, largest)


def _pulls(fit: SpectrumFit, bins: Spectrum) -> FloatArray:
    expected = coarse_expectation(fit)
    return (bins.counts - expected) / np.sqrt(expected)


def _finish_spectrum(top: Axes, bottom: Axes, bins: Spectrum, texts: tuple[str, str, str]) -> None:
    title, x_title, label = texts
    density = (bins.counts / bins.widths)[bins.counts > 0]
    top.set_yscale("log")
    top.set_ylim(0.2 * density.min(), 20 * density.max())
    top.set_ylabel("Events / GeV")
    bottom.set_xlim(bins.low, bins.high)
    bottom.set(xlabel=x_title, ylabel="Pull")
    handles, labels = top.get_legend_handles_labels()
    # matplotlib puts points last, readers look for them first
    top.legend(
        [handles[-1], *handles[:-1]], [labels[-1], *labels[:-1]], title=title or None, loc="upper right"
    )
    top.set_title(label, loc="left", fontsize=16, fontweight="bold")


def _draw_significances(axes: Axes, smallest: float) -> None:
    deepest = int(np.floor(stats.norm.isf(smallest))) + 1
    for sigmas in range(1, deepest + 1):
        level = float(stats.norm.sf(sigmas))
        axes.axhline(level, color="grey", linestyle=":", linewidth=1.2, zorder=0)
        place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "bottom", "ha": "right"}
        axes.text(0.99, level, f"{sigmas}$\\sigma$", color="grey", fontsize=13, **place)
