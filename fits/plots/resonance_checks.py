"""Figures of the checks of a search for a resonance, from what they have stored."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from fits.plots.impacts import plot_impacts
from fits.plots.likelihood_scan import plot_likelihood_scan
from fits.plots.pulls import plot_bias

Stored = Mapping[str, Any]


def check_figures(checks: Stored, *, label: str, x_title: str) -> dict[str, Figure]:
    """Figures by name, of the checks that have one and could be made; `x_title` names the mass hypotheses."""
    made = {name: content for name, content in checks.items() if "error" not in content}
    figures: dict[str, Figure] = {}
    for category, points in made.get("bias", {}).items():
        figures |= _bias(category, points, label, x_title)
    for category, tests in made.get("spurious-signal", {}).items():
        if tests:
            figures[f"spurious_signal_{category}"] = _spurious_signal(tests, label, x_title)
    if any(row["pull"] is not None for row in made.get("impacts", {}).get("nuisances", ())):
        figures["impacts"] = _impacts(made["impacts"], label)
    if "likelihood-scan" in made:
        figures["likelihood_scan"] = _likelihood_scan(made["likelihood-scan"], label)
    return figures


def _bias(category: str, points: Sequence[Stored], label: str, x_title: str) -> dict[str, Figure]:
    """One figure without signal, one with it."""
    masses = sorted({point["mass"] for point in points})
    truths = list(dict.fromkeys(point["truth"] for point in points))
    figures = {}
    for ending, injected in (("", False), ("_injected", True)):
        chosen = [point for point in points if (point["injected"] > 0) == injected]
        if not chosen:
            continue
        means, errors = np.full((2, len(truths), len(masses)), np.nan)
        for point in chosen:
            place = truths.index(point["truth"]), masses.index(point["mass"])
            means[place], errors[place] = _number(point["pull_mean"]), _number(point["pull_mean_error"])
        figures[f"bias_{category}{ending}"] = plot_bias(
            masses, means, errors, truths, x_title=x_title, label=label
        )
    return figures


def _spurious_signal(tests: Stored, label: str, x_title: str) -> Figure:
    masses = [point["mass"] for point in next(iter(tests.values()))["points"]]
    ratios = np.array([[_number(p["ratio"]) for p in test["points"]] for test in tests.values()])
    return plot_bias(
        masses,
        ratios,
        np.zeros_like(ratios),
        list(tests),
        x_title=x_title,
        y_title="Spurious signal / statistical error",
        label=label,
    )


def _impacts(stored: Stored, label: str) -> Figure:
    rows = [row for row in stored["nuisances"] if row["pull"] is not None]
    return plot_impacts(
        [row["parameter"] for row in rows],
        [row["pull"] for row in rows],
        np.array([[_number(end) for end in row["pull_errors"]] for row in rows]),
        np.array([[_number(end) for end in row["impacts"]] for row in rows]),
        result=f"{stored['result']['best']:.0f} events at {stored['mass']:g} GeV",
        label=label,
    )


def _likelihood_scan(stored: Stored, label: str) -> Figure:
    interval, values = stored["interval"], stored["values"]
    curves = {
        name: (values, [_number(one) for one in differences])
        for name, differences in stored["curves"].items()
    }
    ends = interval["low"], interval["high"]
    return plot_likelihood_scan(
        curves, best=interval["best"], interval=None if None in ends else ends, label=label
    )


def _number(value: float | None) -> float:
    return np.nan if value is None else value
