"""Figure of a spectrum with its background, its largest excess, and pulls."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from fits.checks.goodness_of_fit import chi_square_of_fit, coarse_expectation
from fits.fit import SpectrumFit
from fits.plots.style import BLUE, LABEL, MASS_TITLE, RED, style, write_label
from fits.spectrum import FloatArray, Spectrum, coarse


def plot_spectrum(
    spectrum: Spectrum,
    fit: SpectrumFit,
    *,
    title: str = "",
    signal: SpectrumFit | None = None,
    x_title: str = MASS_TITLE,
    label: str = LABEL,
) -> Figure:
    """Spectrum in resolution-wide bins (events per GeV) with fitted background, its error band, and pulls.

    `spectrum` may be finer than those bins; `signal`, a fit with signal of the same spectrum, is drawn on top
    of the background of `fit`. A fit that failed is not drawn: the figure says so.
    """
    with style():
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
    axes.fill_between(mass, expected / spread, expected * spread, color=BLUE, alpha=0.35, linewidth=0)
    axes.plot(mass, expected, color=BLUE, linewidth=2, label=f"Background: {fit.background.name}")
    goodness = chi_square_of_fit(fit)
    if goodness.statistic is not None:
        text = f"$\\chi^2$ / ndf = {goodness.statistic:.1f} / {goodness.n_degrees_of_freedom}"
        axes.plot([], [], " ", label=f"{text}, p = {goodness.p_value:.2g}")


def _draw_signal(axes: Axes, signal: SpectrumFit) -> None:
    expected = (signal.expected_background() + signal.expected_signal()) / signal.spectrum.widths
    events, error = (numbers["signal_yield"] for numbers in (signal.result.parameters, signal.result.errors))
    text = f"with signal, {events:.0f} $\\pm$ {error:.0f} events"
    axes.plot(signal.spectrum.centres, expected, color=RED, linewidth=1.8, linestyle="--", label=text)


def _draw_pulls(axes: Axes, fit: SpectrumFit, signal: SpectrumFit | None) -> None:
    """(observed - expected) / sqrt(expected) in bins of at least 5 events."""
    bins = coarse(fit.spectrum)
    axes.stairs(_pulls(fit, bins), bins.edges, fill=True, color=BLUE, alpha=0.7)
    if signal is not None and signal.converged:
        axes.stairs(_pulls(signal, bins), bins.edges, color=RED, linewidth=1.5, linestyle="--")
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
    write_label(top, label)
