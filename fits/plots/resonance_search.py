"""All figures of a search for a resonance, from what it has stored: nothing is fitted."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from fits.plots.limits import plot_limits
from fits.plots.p_values import plot_p_values
from fits.plots.resonance_checks import check_figures
from fits.plots.signal_interpolation import plot_signal_interpolation
from fits.plots.spectrum import plot_stored_spectrum
from fits.plots.style import LABEL, MASS_TITLE, RESONANCE_TITLE
from fits.signals import DoubleCrystalBall
from fits.signals.interpolation import FEWEST_SHAPES
from fits.significance.mass_scan import MassPoints

_BAND = 5  # expected limits


def resonance_figures(
    stored: Mapping[str, Any],
    *,
    label: str = LABEL,
    x_title: str = MASS_TITLE,
    resonance_title: str = RESONANCE_TITLE,
    right: str = "",
    p_values: bool = True,
) -> dict[str, Figure]:
    """Figures by name: one spectrum per category, p-values together and alone, limits, and the checks.

    An interpolated signal of four shapes or more has one of its closure. `stored` is what
    `ResonanceResults.to_json` gives. `x_title` names the mass of the spectra and `resonance_title` that of
    the hypotheses; `right` is written above the right corner, for example the luminosity.
    """
    texts: dict[str, Any] = {"label": label, "right": right}
    spectra, several = stored["spectra"], len(stored["spectra"]) > 1
    figures = {}
    for name, category in spectra.items():
        key, title = (f"spectrum_{name}", name) if several else ("spectrum", "")
        figures[key] = plot_stored_spectrum(category, title=title, x_title=x_title, **texts)
    (background, *_) = (category["background_choice"]["background"] for category in spectra.values())
    scans = {"together" if several else background: stored["scan"]}
    scans |= {name: category["scan"] for name, category in spectra.items()} if several else {}
    points = {name: MassPoints.of_json(scan["points"]) for name, scan in scans.items()}
    if p_values:
        figures["p_values"] = plot_p_values(points, x_title=resonance_title, **texts)
    if stored["limits"]:
        figures["limits"] = plot_stored_limits(stored["limits"], x_title=resonance_title, **texts)
    shapes = stored["signal"]
    if isinstance(shapes, list) and len(shapes) >= FEWEST_SHAPES:
        figures["signal_interpolation"] = plot_signal_interpolation(
            [DoubleCrystalBall.from_json(shape) for shape in shapes], x_title=x_title, label=label
        )
    return figures | check_figures(stored["checks"], label=label, x_title=resonance_title)


def plot_stored_limits(stored: Mapping[str, Any], *, x_title: str, label: str, right: str) -> Figure:
    """Limits as `LimitScan.to_json` stores them; masses without a limit leave a gap."""
    points = stored["points"]
    expected = [point["expected"] or (np.nan,) * _BAND for point in points]
    observed = [np.nan if point["observed"] is None else point["observed"] for point in points]
    masses = [point["mass"] for point in points]
    return plot_limits(masses, expected, observed, x_title=x_title, label=label, right=right)
