"""Events per second of each conversion beside a loop over events with the public tool that reads the format.

Run `python -m tests.benchmarks.conversion [n_events]`; times are CPU seconds of one core. The loops do less:
they make the same jets without substructure, or read and make nothing where no public tool does more.
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import awkward as ak
import fastjet
import h5py
import numpy as np
import pyhepmc
import pylhe
import uproot
from rich.console import Console
from rich.table import Table

from analysis.simulation import external
from selections.conversion.convert import from_root, to_root
from selections.conversion.inputs import JetDefinition
from tests.analysis.hepmc_files import generated, write_hepmc
from tests.analysis.simulation.test_external import write_les_houches
from tests.analysis.test_converted_search import write_features

SIGNAL = Path(__file__).parents[2] / "analysis" / "samples" / "x_to_yy_3000.root"
OF_GENERATORS = 300  # events: these are showered or go through the detector


def cpu_seconds(function: Callable[[], Any]) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def write_particles(path: Path, events: Any) -> None:
    rows = np.zeros((len(events), 2101))
    for row, event in zip(rows, events, strict=True):
        parts = [ak.to_numpy(event[f"constituent_{name}"]) for name in ("pt", "eta", "phi")]
        row[: 3 * len(parts[0])] = np.stack(parts, axis=1).ravel()
    with h5py.File(path, "w") as file:
        file.create_group("df")["block0_values"] = rows


def cluster_by_loop(path: Path, radius: float) -> list[list[float]]:
    """Momenta of the hardest jets of each event, as scripts with FastJet's Python classes make them."""
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, radius)
    found = []
    with h5py.File(path) as file:
        for row in file["df"]["block0_values"]:
            particles = row[:2100].reshape(700, 3)
            pt, eta, phi = particles[particles[:, 0] > 0].T
            momenta = (pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta))
            inputs = [fastjet.PseudoJet(*map(float, one)) for one in zip(*momenta, strict=True)]
            sequence = fastjet.ClusterSequence(inputs, definition)
            found.append([jet.pt() for jet in fastjet.sorted_by_pt(sequence.inclusive_jets(30))[:3]])
    return found


def case_by_loop(path: Path, output: Path) -> None:
    """Jets event by event from the arrays, into a tree of uproot."""
    with h5py.File(path) as file:
        kinematics, extra = file["jet_kinematics"][:], [file[f"jet{n}_extraInfo"][:] for n in (1, 2)]
        candidates = [file[f"jet{n}_PFCands"][:] for n in (1, 2)]
    jets, constituents = [], []
    for event in range(len(kinematics)):
        jets.append([[*kinematics[event, 4 * n - 2 : 4 * n + 2], *extra[n - 1][event]] for n in (1, 2)])
        constituents.append([[p for p in candidates[n][event] if p[3] > 0] for n in (0, 1)])
    with uproot.recreate(output) as file:
        pt = ak.Array([[float(np.hypot(p[0], p[1])) for jet in one for p in jet] for one in constituents])
        file["Events"] = {"jet": np.array(jets, np.float32), "constituent_pt": pt}


def features_by_loop(path: Path, output: Path) -> None:
    """Momenta of the jets by numpy, into a tree of uproot."""
    with h5py.File(path) as file:
        names = [name.decode() for name in file["df"]["block0_items"][:]]
        values = file["df"]["block0_values"][:]
    columns = dict(zip(names, values.T, strict=True))
    columns |= {f"pt{n}": np.hypot(columns[f"pxj{n}"], columns[f"pyj{n}"]) for n in (1, 2)}
    columns |= {f"eta{n}": np.arcsinh(columns[f"pzj{n}"] / columns[f"pt{n}"]) for n in (1, 2)}
    with uproot.recreate(output) as file:
        file["Events"] = columns


def hepmc_by_loop(path: Path) -> int:
    with pyhepmc.open(path) as file:
        return sum(int((event.numpy.particles.status == 1).sum()) for event in file)


def les_houches_by_loop(path: Path) -> int:
    return sum(len(event.particles) for event in pylhe.LHEFile.fromfile(str(path)).events)


def main(n_events: int) -> None:
    table = Table("conversion", "events/s", "loop", "events/s", "ratio", title="CPU of one core")
    with TemporaryDirectory() as name:
        folder = Path(name)
        events = uproot.open(SIGNAL)["Events"].arrays(entry_stop=n_events)
        n_events = len(events)
        with uproot.recreate(folder / "few.root") as file:
            file.mkrntuple("Events", {one: events[one] for one in events.fields if "quark" not in one})
        from_root(folder / "few.root", folder / "case.h5", "case")
        write_particles(folder / "particles.h5", events)
        write_features(folder / "features.h5", events)
        record = generated(["HardQCD:all = on", "PhaseSpace:pTHatMin = 600"], OF_GENERATORS, 1)
        write_hepmc(folder / "events.hepmc", record)
        write_les_houches(folder / "events.lhe", OF_GENERATORS)
        out, other = folder / "out.root", folder / "other.root"
        to_root([folder / "features.h5"], out)  # ROOT and the headers are there
        to_root([folder / "particles.h5"], out, jets=JetDefinition(0.8))

        jets, shower = JetDefinition(0.8), {"quality": "tiny"}
        case, features, particles, hepmc, lhe = (
            folder / one for one in ("case.h5", "features.h5", "particles.h5", "events.hepmc", "events.lhe")
        )
        arrays, clustering = "h5py, numpy, uproot", "FastJet's classes, jets alone"
        rows = (
            ("CASE h5", n_events, partial(to_root, [case], out), arrays, partial(case_by_loop, case, other)),
            (
                *("LHC Olympics, features", n_events, partial(to_root, [features], out)),
                *(arrays, partial(features_by_loop, features, other)),
            ),
            (
                *("LHC Olympics, particles", n_events, partial(to_root, [particles], out, jets=jets)),
                *(clustering, partial(cluster_by_loop, particles, 0.8)),
            ),
            (
                *("HepMC, with the detector", OF_GENERATORS, partial(external.convert, [hepmc], out)),
                *("pyhepmc, reading alone", partial(hepmc_by_loop, hepmc)),
            ),
            (
                *("Les Houches, with shower", OF_GENERATORS, partial(external.convert, [lhe], out, **shower)),
                *("pylhe, reading alone", partial(les_houches_by_loop, lhe)),
            ),
        )
        for title, n, convert, what, loop in rows:
            here, there = cpu_seconds(convert), cpu_seconds(loop)
            table.add_row(title, f"{n / here:,.0f}", what, f"{n / there:,.0f}", f"{there / here:.2f}")
        written = cpu_seconds(partial(from_root, folder / "few.root", folder / "again.h5", "case"))
        table.add_row("CASE h5, written", f"{n_events / written:,.0f}", "", "", "")
    Console().print(table)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000)
