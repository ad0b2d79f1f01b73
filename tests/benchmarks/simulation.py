"""Speed of the simulation by quality, and of the substructure in C++ against FastJet's Python binding.

Run `python -m tests.benchmarks.simulation [n_generated]`; times are CPU seconds of one core.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import awkward as ak
import numpy as np
from rich.console import Console
from rich.table import Table

from analysis.simulation import chunks
from analysis.simulation.catalogue import PROCESSES
from analysis.simulation.processes import create
from analysis.simulation.recipe import SampleRecipe
from analysis.simulation.underlying_event import UnderlyingEventPool
from selections import headers
from selections.root import import_root

PARAMETERS: dict[str, dict[str, Any]] = {
    "qcd": {"mjj_min": 2200, "max_delta_eta": 1.3, "max_jets": 2},
    "x_to_yy": {"resonance_mass": 3000, "max_delta_eta": 1.3, "max_constituents": 100},
    "lepton_ttbar": {},
    "lepton_w_jets": {},
}


def cpu_seconds(function: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def simulation(n_generated: int) -> Table:
    table = Table("process", "quality", "selected", "ms per selected event", "events/s", title="Simulation")
    pool = UnderlyingEventPool.generate(300, seed=1, beam_energy=13000)
    chunks.generate(
        SampleRecipe("qcd", create("qcd", PROCESSES), "tiny", 1), 0, 20, None
    )  # compiles the headers
    for name, parameters in PARAMETERS.items():
        for quality in ("full", "fast", "tiny"):
            recipe = SampleRecipe(name, create(name, PROCESSES, **parameters), quality, 1)
            overlay = pool if quality == "fast" else None
            seconds, events = cpu_seconds(lambda r=recipe, p=overlay: chunks.generate(r, 0, n_generated, p))
            n_selected = len(events["n_jet"])
            row = (n_selected, 1000 * seconds / n_selected, n_selected / seconds)
            table.add_row(name, quality, f"{row[0]}", f"{row[1]:.1f}", f"{row[2]:.0f}")
    return table


def jets_with_constituents(n_generated: int) -> list[np.ndarray]:
    """Constituents (pt, eta, phi) of QCD jets, float32."""
    recipe = SampleRecipe("qcd", create("qcd", PROCESSES, max_jets=2, max_constituents=100), "full", 1)
    events = chunks.generate(recipe, 0, n_generated, None)
    jet = np.repeat(np.cumsum(events["n_constituent"]), events["n_constituent"]) + events["constituent_jet"]
    ends = np.flatnonzero(np.diff(jet)) + 1
    columns = np.array([events[f"constituent_{name}"] for name in ("pt", "eta", "phi")])
    return np.split(columns, ends, axis=1)


def in_cpp(jets: list[np.ndarray]) -> np.ndarray:
    headers.load("mapless/substructure.h")
    vector, mapless = import_root().RVecF, import_root().mapless
    found = []
    for jet in jets:
        constituents = mapless.constituents(*(vector(column) for column in jet))
        found.append([mapless.soft_drop_mass(constituents), *mapless.n_subjettiness(constituents)])
    return np.array(found)


def in_python(jets: list[np.ndarray]) -> np.ndarray:
    import fastjet

    pt, eta, phi = (ak.Array([jet[i].astype(float) for jet in jets]) for i in range(3))
    momenta = {
        "px": pt * np.cos(phi),
        "py": pt * np.sin(phi),
        "pz": pt * np.sinh(eta),
        "E": pt * np.cosh(eta),
    }
    definition = fastjet.JetDefinition(fastjet.cambridge_algorithm, 100.0)
    clusters = fastjet.ClusterSequence(ak.zip(momenta, with_name="Momentum4D"), definition)
    mass = clusters.exclusive_jets_softdrop_grooming(njets=1, beta=0, symmetry_cut=0.1, R0=0.8).msoftdrop
    tau = clusters.njettiness(
        measure_definition="NormalizedMeasure",
        axes_definition="OnePass_KT_Axes",
        njets=[1, 2, 3, 4],
        beta=1,
        R0=0.8,
    )
    return np.column_stack([ak.to_numpy(ak.flatten(mass, axis=None)), ak.to_numpy(tau).reshape(len(jets), 4)])


def substructure(n_generated: int) -> Table:
    jets = jets_with_constituents(n_generated)
    in_cpp(jets[:2]), in_python(jets[:2])
    ours, ours_found = cpu_seconds(lambda: in_cpp(jets))
    theirs, theirs_found = cpu_seconds(lambda: in_python(jets))
    table = Table("soft drop + tau1..4", "ms per jet", "ratio", title=f"Substructure of {len(jets)} jets")
    table.add_row("FastJet's Python binding (awkward)", f"{1000 * theirs / len(jets):.3f}", "1.0")
    table.add_row(
        "mapless/substructure.h", f"{1000 * ours / len(jets):.3f}", f"{theirs / ours:.1f} times faster"
    )
    # perturbing a jet by 1e-6 now and then leads the one-pass minimisation of the axes elsewhere
    difference = np.quantile(np.abs(ours_found - theirs_found), 0.99, axis=0)
    table.caption = f"99 % of jets agree within {difference[0]:.0e} GeV and {difference[1:].max():.0e} in tau"
    return table


if __name__ == "__main__":
    n_events = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    console = Console()
    console.print(simulation(n_events))
    console.print(substructure(n_events))
