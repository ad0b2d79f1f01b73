"""Computes numbers on this machine and compares them with those recorded in selftest.json."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from analysis.commands.wide_table import print_table

RECORDED = Path(__file__).with_suffix(".json")
RELATIVE_TOLERANCE = 1e-5
JET = {
    "pt": [400.0, 250.0, 80.0, 30.0, 5.0],
    "eta": [0.0, 0.21, 0.3, -0.2, 0.5],
    "phi": [0.0, 0.12, -0.2, 0.1, 0.4],
}


def run_selftest() -> bool:
    """Print every recorded number beside the one computed here and return whether all agree."""
    recorded = json.loads(RECORDED.read_text())
    table = Table("what", "recorded", "here", "", title="Mapless selftest")
    good = True
    for name, compute in NUMBERS.items():
        here = compute()
        agrees = bool(np.isclose(here, recorded[name], rtol=RELATIVE_TOLERANCE, atol=0))
        good &= agrees
        table.add_row(
            name, f"{recorded[name]:.8g}", f"{here:.8g}", "[green]ok[/]" if agrees else "[red]differs[/]"
        )
    print_table(Console(), table)
    return good


def _invariant_mass() -> float:
    mapless = _headers("mapless/kinematics.h")
    return float(mapless.invariant_mass(1500, 0.3, 0.1, 120, 1450, -0.4, 3.2, 80))


def _soft_drop_mass() -> float:
    mapless = _headers("mapless/substructure.h")
    return float(mapless.soft_drop_mass(mapless.constituents(*JET.values())))


def _n_subjettiness_ratio() -> float:
    mapless = _headers("mapless/substructure.h")
    tau = mapless.n_subjettiness(mapless.constituents(*JET.values()), 2)
    return float(tau[1] / tau[0])


def _fold_checksum() -> float:
    from selections.folds import fold

    events = np.arange(1000)
    return float(np.dot(fold(np.ones(1000, int), np.ones(1000, int), events, 5), events))


def _background_fit() -> float:
    from fits.backgrounds import Dijet
    from fits.fit import fit_background
    from fits.spectrum import Spectrum, four_gev_edges

    edges = four_gev_edges(2232, 6800)
    falling = np.floor(4e4 * np.exp(-(edges[:-1] - 2232) / 350))
    fit = fit_background(Spectrum(edges, falling), Dijet(3))
    return fit.result.parameters["p1"]


def _significance() -> float:
    from fits.backgrounds import Dijet
    from fits.signals import DoubleCrystalBall
    from fits.significance.mass_scan import scan_masses
    from fits.spectrum import Spectrum, four_gev_edges

    edges = four_gev_edges(2232, 6800)
    shape = DoubleCrystalBall(2950, 100, 1.2, 3, 1.8, 9, mass=3000)
    counts = np.round(1e3 * np.exp(-(edges[:-1] - 2232) / 350) + 300 * shape.bin_fractions(edges))
    scan = scan_masses(Spectrum(edges, counts), Dijet(3), shape.scaled_to, [3000.0])
    return float(scan.points[0].significance or 0.0)


def _headers(name: str) -> Any:
    from selections import headers
    from selections.root import import_root

    headers.load(name)
    return import_root().mapless


NUMBERS: dict[str, Callable[[], float]] = {
    "invariant mass of two jets (GeV)": _invariant_mass,
    "soft-drop mass of five particles (GeV)": _soft_drop_mass,
    "tau21 of five particles": _n_subjettiness_ratio,
    "folds of 1000 events": _fold_checksum,
    "p1 of a dijet fit": _background_fit,
    "significance of 300 signal events at 3 TeV": _significance,
}
