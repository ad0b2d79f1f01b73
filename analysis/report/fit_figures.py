"""Figures of the fits of a search: p-values and spectra, from stored numbers."""

from collections.abc import Iterable, Mapping
from typing import Any

from analysis.report.score_figures import Figures, file_name
from analysis.report.search_header import fit_title

MAX_CURVES = 2  # of p-values, beyond which the smallest of all is drawn too


def fit_figures(results: Mapping[str, Any], label: str) -> Figures:
    """The smallest local p-values of each spectrum, then every fit, from what `results.json` holds."""
    from fits.plots.p_values import plot_p_values
    from fits.significance.mass_scan import MassPoints

    for spectrum in dict.fromkeys(fit["spectrum"] for fit in results["fits"].values()):
        scans = [
            (fit_title(fit | {"window": None}, part["name"]), part["search"]["scan"]["points"])
            for fit in results["fits"].values()
            for part in fit["parts"]
            if fit["spectrum"] == spectrum and "search" in part["purposes"]
        ]
        curves = {title: MassPoints.of_json(points) for title, points in joined(scans).items()}
        figure = plot_p_values(curves, smallest_of_all=len(curves) > MAX_CURVES, label=label)
        yield f"p_values_{spectrum}", f"Local p-values, spectrum {spectrum}", figure
    for name, fit in results["fits"].items():
        yield from figures_of_parts(name, fit, label)


def figures_of_parts(name: str, fit: Mapping[str, Any], label: str, told: str = "") -> Figures:
    """What was fitted to each part of one fit, with what is `told` of it at the begin of the captions."""
    from fits.plots.resonance_search import resonance_figures

    for part in fit["parts"]:
        if "error" in part["search"]:
            continue
        place = name if len(fit["parts"]) == 1 else f"{name}_{part['name']}"
        drawn = resonance_figures(part["search"], label=label, x_title=fit["title"], p_values=False)
        for kind, figure in drawn.items():
            caption = f"{told}{kind.replace('_', ' ')}: {fit_title(fit, part['name'])}"
            yield file_name(f"{kind}_{place}"), caption, figure


def joined(scans: Iterable[tuple[str, list[dict[str, Any]]]]) -> dict[str, list[dict[str, Any]]]:
    """Scans of one hunt, of its windows or of single masses, as one curve in order of mass.

    Of several at one mass the smallest p-value counts.
    """
    found: dict[str, dict[float, dict[str, Any]]] = {}
    for name, points in scans:
        curve = found.setdefault(name.partition("@")[0], {})
        for point in points:
            known = curve.get(point["mass"], point)["local_p_value"]
            if known is None or (point["local_p_value"] or 1.0) <= known:
                curve[point["mass"]] = point
    return {name: [curve[mass] for mass in sorted(curve)] for name, curve in found.items()}
