"""Figures of the closure test: p-values of all seeds, and the spectra of the first of them."""

from collections.abc import Mapping
from typing import Any

from analysis.report.fit_figures import figures_of_parts, joined
from analysis.report.score_figures import Figures, file_name
from analysis.stages.closure import CONTROL, kind_of, seed_of

LABELS = {False: "Mapless simulation", True: "Mapless"}
"""Of simulation, and of data in a control region."""


def closure_figures(fits: Mapping[str, Any]) -> Figures:
    """Local p-values where there is no signal and where there is one, then what was fitted, by kind."""
    from fits.plots.p_values import plot_p_values
    from fits.significance.mass_scan import MassPoints

    searches = dict.fromkeys((kind_of(name) == CONTROL, fit["spectrum"]) for name, fit in fits.items())
    for of_data, spectrum in searches:
        scans = [
            (f"{kind_of(name)}, {fit['hunt'] or 'all events'}, seed {seed_of(name)}", _points(part))
            for name, fit in fits.items()
            for part in fit["parts"]
            if (kind_of(name) == CONTROL, fit["spectrum"]) == (of_data, spectrum)
            and "search" in part["purposes"]
        ]
        curves = {title: MassPoints.of_json(points) for title, points in joined(scans).items()}
        place, where = ("data", "the data of the control region") if of_data else ("simulation", "simulation")
        figure = plot_p_values(curves, label=LABELS[of_data])
        yield file_name(f"closure_{place}_{spectrum}"), f"Local p-values in {where}", figure
    for name, fit in fits.items():
        if seed_of(name) == 1:
            kind = kind_of(name)
            yield from figures_of_parts(f"closure_{name}", fit, LABELS[kind == CONTROL], f"Closure, {kind}, ")


def _points(part: Mapping[str, Any]) -> list[dict[str, Any]]:
    points: list[dict[str, Any]] = part["search"]["scan"]["points"]
    return points
