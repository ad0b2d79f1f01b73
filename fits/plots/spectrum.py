"""Figure of a spectrum with its background, its largest excess, and pulls."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import special, stats

from fits.backgrounds.catalogue import background_from_json
from fits.backgrounds.families import density, relative_error
from fits.checks.goodness_of_fit import in_bins_of
from fits.plots.style import BLUE, LABEL, MASS_TITLE, RED, style, write_label
from fits.spectrum import FloatArray, Spectrum, coarse

Stored = Mapping[str, Any]


def plot_stored_spectrum(
    stored: Stored, *, title: str = "", x_title: str = MASS_TITLE, label: str = LABEL, right: str = ""
) -> Figure:
    """Spectrum in resolution-wide bins (events per GeV) with fitted background, its error band, and pulls.

    Pulls are in the bins of the points: roots of the likelihood ratios of their counts with the sign of the
    excess, which are (observed - expected) / sqrt(expected) for many events and hold for few.
    `stored` is what `fits.resonance_results.fit_to_json` gives; the fit with signal, if there is one, is
    drawn on top of the background. A fit that failed is not drawn: the figure says so.
    """
    spectrum, with_signal = Spectrum(**stored["spectrum"]), stored["with_signal"]
    expected = {}  # by how it is drawn, background first
    if stored["background_fit"]["converged"]:
        expected["-"] = np.array(stored["expected_background"])
    if with_signal and with_signal["fit"]["converged"]:
        expected["--"] = np.array(with_signal["expected_background"]) + with_signal["expected_signal"]
    with style():
        figure, (top, bottom) = plt.subplots(
            2, 1, figsize=(9, 9), sharex=True, height_ratios=(3, 1), gridspec_kw={"hspace": 0.06}
        )
        bins = coarse(spectrum, minimum=1)
        _draw_counts(top, bins)
        if "-" in expected:
            _draw_background(top, stored, bins)
            _draw_pulls(
                bottom, bins, {line: in_bins_of(bins, spectrum, one) for line, one in expected.items()}
            )
        else:
            top.plot([], [], " ", label=f"background fit: {stored['background_fit']['status']}")
        if "--" in expected:
            events, error = with_signal["signal_yield"], with_signal["signal_yield_error"]
            text = rf"With signal at {with_signal['mass']:g} GeV, {events:.0f} $\pm$ {error:.0f} events"
            heights = expected["--"] / spectrum.widths
            top.plot(spectrum.centres, heights, "--", color=RED, linewidth=1.8, label=text)
        _finish_spectrum(top, bottom, bins, (title, x_title, label, right))
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


def _draw_background(axes: Axes, stored: Stored, bins: Spectrum) -> None:
    background = background_from_json(stored["background"])
    values = [stored["background_fit"]["parameters"][name] for name in background.parameters]
    mass = np.geomspace(bins.low, bins.high, 300)
    expected = density(background, values, mass)
    spread = np.exp(relative_error(background, np.array(stored["background_fit"]["covariance"]), mass))
    axes.fill_between(mass, expected / spread, expected * spread, color=BLUE, alpha=0.35, linewidth=0)
    axes.plot(mass, expected, color=BLUE, linewidth=2, label=f"Background: {background.name}")
    goodness = stored["chi_square"]
    if goodness["statistic"] is not None:
        text = rf"$\chi^2$ / ndf = {goodness['statistic']:.1f} / {goodness['n_degrees_of_freedom']}"
        axes.plot([], [], " ", label=f"{text}, p = {goodness['p_value']:.2g}")


def _draw_pulls(axes: Axes, bins: Spectrum, expected: Mapping[str, FloatArray]) -> None:
    pulls = {}
    for line, events in expected.items():
        rise = events - bins.counts + special.xlogy(bins.counts, bins.counts / events)
        pulls[line] = np.sign(bins.counts - events) * np.sqrt(2 * np.maximum(rise, 0.0))
    axes.stairs(pulls["-"], bins.edges, fill=True, color=BLUE, alpha=0.7)
    if "--" in pulls:
        axes.stairs(pulls["--"], bins.edges, color=RED, linewidth=1.5, linestyle="--")
    axes.axhline(0, color="black", linewidth=1)
    largest = max(3.5, 1.1 * float(np.max(np.abs(pulls["-"]))))
    axes.set_ylim(-largest, largest)


def _finish_spectrum(top: Axes, bottom: Axes, bins: Spectrum, texts: tuple[str, str, str, str]) -> None:
    title, x_title, label, right = texts
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
    write_label(top, label, right)
