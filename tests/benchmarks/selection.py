"""Events per second of the dijet selection: RDataFrame here, and what analysts write with uproot or coffea.

    python -m tests.benchmarks.selection FOLDER [--events 1000000] [--coffea-python PYTHON]

FOLDER keeps the inputs for the next time: a slim NanoAOD-like TTree, most of whose events pass the trigger,
and real NanoAOD events (of `tests/data`, repeated) with all their branches and the compression of CMS. Every
way runs in a process of its own, four times: the first run pays what a process pays once behind its imports,
such as compiling the graph; of the others the best counts. Ours writes the selected columns to a file, the
others keep them. All must give the same events.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import reduce
from operator import and_
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

TRIGGERS = ("HLT_PFHT1050", "HLT_AK8PFJet500")
FILTERS = ("Flag_goodVertices", "Flag_eeBadScFilter", "Flag_ecalBadCalibFilter")
JET_PROPERTIES = ("pt", "eta", "phi", "mass", "msoftdrop", "tau1", "tau2", "jetId")
COLUMNS = ("mjj", "jet1_softdrop_mass", "jet1_tau21")
FLOATS = ("msoftdrop", "mass", "tau1", "tau2", "tau3", "tau4", "lsf3", "btagDeepB", "n2b1", "area")
REAL_EVENTS = Path(__file__).parents[1] / "data" / "nanoaod_2017_simulation.root"
LZMA_9 = 209
STEP = 200_000
RUNS = 4
WAYS = {
    "ours, 1 thread": "ours_1",
    "ours, 2 threads": "ours_2",
    "uproot + awkward": "uproot",
    "coffea": "coffea",
}


def make_input(path: Path, n_events: int) -> None:
    """Events with 0 to 4 large-radius jets, spectra that fall as jets do, and columns that nobody reads."""
    import uproot

    rng = np.random.default_rng(1)
    beside = path.with_suffix(".partial")
    with uproot.recreate(beside, compression=uproot.ZSTD(3)) as file:
        for start in range(0, n_events, STEP):
            events = random_events(rng, start, min(start + STEP, n_events))
            if start == 0:
                file.mktree("Events", events)
            else:
                file["Events"].extend(events)
    beside.replace(path)


def make_real_input(path: Path, n_events: int) -> None:
    """Real events with all their branches, the same ones again and again."""
    from selections.root import import_root

    root = import_root()
    n_there = root.RDataFrame("Events", str(REAL_EVENTS)).Count().GetValue()
    chain = root.TChain("Events")
    for _ in range(-(-n_events // n_there)):
        chain.Add(str(REAL_EVENTS))
    beside = path.with_suffix(".partial")
    file = root.TFile(str(beside), "RECREATE", "", LZMA_9)
    chain.CloneTree(n_events).Write()
    file.Close()
    beside.replace(path)


def random_events(rng: np.random.Generator, start: int, stop: int) -> dict[str, Any]:
    """The columns of some events, numbered from start to stop."""
    import awkward as ak

    n = stop - start
    counts = rng.choice(5, n, p=[0.05, 0.1, 0.6, 0.2, 0.05])
    total = counts.sum()
    values = {name: rng.gamma(2, 20, total).astype(np.float32) for name in FLOATS}
    values["eta"] = rng.normal(0, 1.2, total).astype(np.float32)
    values["phi"] = rng.uniform(-np.pi, np.pi, total).astype(np.float32)
    values["jetId"] = rng.choice([0, 2, 6], total, p=[0.02, 0.03, 0.95]).astype(np.uint8)
    values["nConstituents"] = rng.integers(10, 120, total).astype(np.uint8)
    jets = {name: ak.unflatten(array, counts) for name, array in values.items()}
    pt = ak.unflatten((200 + rng.exponential(250, total)).astype(np.float32), counts)
    return {
        "run": np.full(n, 1, np.uint32),
        "luminosityBlock": (np.arange(start, stop) // 1000).astype(np.uint32),
        "event": np.arange(start, stop, dtype=np.uint64),
        "genWeight": np.ones(n, np.float32),
        "FatJet": ak.zip({"pt": ak.sort(pt, ascending=False), **jets}),
        **{name: rng.random(n) < 0.6 for name in TRIGGERS},
        **{name: rng.random(n) < 0.99 for name in FILTERS},
    }


def ours(path: Path, threads: int) -> dict[str, Any]:
    """The selection of this project, with its cutflow, as far as a file with the selected events."""
    from selections.dijet import dijet
    from selections.root import use_threads
    from selections.snapshot import read, write
    from selections.sources import open_events

    use_threads(threads)
    events = open_events(path, triggers=TRIGGERS, filters=FILTERS)
    selected = dijet(features=("tau1", "tau2"))(events)
    with TemporaryDirectory() as folder:
        columns = read(write(selected, f"{folder}/events.root", COLUMNS), COLUMNS)
    return {
        "cutflow": selected.cutflow().events,
        "sums": [float(np.sum(values, dtype=float)) for values in columns.values()],
    }


def select(events: Any, jets: Any) -> dict[str, Any]:
    """The same selection with awkward arrays, as one chunk of events."""
    import awkward as ak

    counts = [len(events)]
    masks = (
        np.any([np.asarray(events[name]) for name in TRIGGERS], axis=0),
        np.all([np.asarray(events[name]) for name in FILTERS], axis=0),
    )
    keep = masks[0]
    counts.append(int(keep.sum()))
    keep = keep & masks[1]
    counts.append(int(keep.sum()))
    jets = jets[keep]
    finite = [np.isfinite(jets[name]) for name in ("pt", "eta", "phi", "mass", "msoftdrop")]
    jets = jets[ak.all(reduce(and_, finite), axis=1)]
    counts.append(len(jets))
    jets = jets[(jets.pt > 300) & (abs(jets.eta) < 2.5) & ((jets.jetId & 2) != 0)]
    jets = jets[ak.num(jets.pt) >= 2][:, :2]
    counts.append(len(jets))
    first, second = jets[:, 0], jets[:, 1]
    energies, momenta = zip(*(_four_momentum(jet) for jet in (first, second)), strict=True)
    mjj = np.sqrt(np.maximum(sum(energies) ** 2 - np.sum(sum(momenta) ** 2, axis=0), 0))
    delta_eta = np.asarray(first.eta - second.eta)
    counts.append(int((mjj > 1460).sum()))
    kept = (mjj > 1460) & (np.abs(delta_eta) < 1.3)
    counts.append(int(kept.sum()))
    first_is_heavier = np.asarray(first.msoftdrop >= second.msoftdrop)
    mass, tau1, tau2 = (
        np.where(first_is_heavier, np.asarray(first[name]), np.asarray(second[name]))[kept]
        for name in ("msoftdrop", "tau1", "tau2")
    )
    columns = (mjj[kept], mass, tau2 / (tau1 + 1e-6))
    return {"cutflow": counts, "sums": [float(np.sum(np.asarray(values), dtype=float)) for values in columns]}


def _four_momentum(jet: Any) -> tuple[np.ndarray, np.ndarray]:
    pt, eta, phi, mass = (np.asarray(jet[name], float) for name in ("pt", "eta", "phi", "mass"))
    momentum = np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)])
    return np.sqrt(np.sum(momentum**2, axis=0) + mass**2), momentum


def with_uproot(path: Path) -> dict[str, Any]:
    """uproot.iterate over the columns that are needed, in steps of 200,000 events."""
    import awkward as ak
    import uproot

    branches = [*(f"FatJet_{name}" for name in JET_PROPERTIES), *TRIGGERS, *FILTERS]
    parts = [
        select(chunk, ak.zip({name: chunk[f"FatJet_{name}"] for name in JET_PROPERTIES}))
        for chunk in uproot.iterate(f"{path}:Events", branches, step_size=STEP)
    ]
    return _added(parts)


def with_coffea(path: Path) -> dict[str, Any]:
    """NanoEvents of coffea, which read a column when it is first used, in steps of 200,000 events."""
    import uproot
    from coffea.nanoevents import NanoAODSchema, NanoEventsFactory

    NanoAODSchema.warn_missing_crossrefs = False
    n_events = uproot.open(path)["Events"].num_entries
    parts = []
    for start in range(0, n_events, STEP):
        span = {"entry_start": start, "entry_stop": min(start + STEP, n_events)}
        factory = NanoEventsFactory.from_root(
            {str(path): "Events"}, schemaclass=NanoAODSchema, mode="virtual", **span
        )
        events = factory.events()
        flags = {
            name: getattr(events, name.split("_")[0])[name.split("_", 1)[1]] for name in (*TRIGGERS, *FILTERS)
        }
        parts.append(select(_Flags(flags), events.FatJet))
    return _added(parts)


class _Flags(dict[str, Any]):
    """Columns by name, with the number of events as length."""

    def __len__(self) -> int:
        return len(next(iter(self.values())))


def _added(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: np.sum([part[name] for part in parts], axis=0).tolist() for name in parts[0]}


def import_what_it_needs(way: str) -> None:
    """The imports of a way, which are not measured."""
    if way.startswith("ours"):
        from selections.root import import_root

        import_root()
    if way == "coffea":
        importlib.import_module("coffea.nanoevents")
    for name in ("awkward", "uproot"):
        importlib.import_module(name)


def measure(way: str, path: Path) -> list[dict[str, Any]]:
    """Wall and processor seconds of the first and the best later run here, with what they found."""
    runs: dict[str, Callable[[], dict[str, Any]]] = {
        "ours_1": lambda: ours(path, 1),
        "ours_2": lambda: ours(path, 2),
        "uproot": lambda: with_uproot(path),
        "coffea": lambda: with_coffea(path),
    }
    import_what_it_needs(way)
    results: list[dict[str, Any]] = []
    for _ in range(RUNS):
        wall, processor = time.perf_counter(), time.process_time()
        found = runs[way]()
        results.append(
            {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor, **found}
        )
    return [results[0], min(results[1:], key=lambda result: result["processor"])]


def run_apart(way: str, path: Path, python: str) -> list[dict[str, Any]] | str:
    """The two results of `measure` in a process of its own; what is missing, if they cannot be made."""
    command = [
        python,
        "-m",
        "tests.benchmarks.selection",
        str(path.parent),
        "--way",
        way,
        "--input",
        str(path),
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if "No module named 'coffea'" in result.stderr:
        return "not here: pip install coffea"
    if result.returncode != 0:
        return result.stderr.strip().rpartition("\n")[2]
    measured: list[dict[str, Any]] = json.loads(result.stdout.splitlines()[-1])
    return measured


def main() -> None:
    """Make the input if it is not there, run all ways, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument(
        "--coffea-python", default=sys.executable, help="Python that has coffea, if this has not"
    )
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--input", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(json.dumps(measure(options.way, options.input)))
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    pythons = {"coffea": options.coffea_python}
    inputs = {
        "slim events": ("nanoaod_like", make_input, options.events),
        "real events": ("nanoaod", make_real_input, options.events // 10),
    }
    for title, (name, make, n_events) in inputs.items():
        path = options.folder / f"{name}_{n_events}.root"
        if not path.exists():
            make(path, n_events)
        ways = {one: run_apart(way, path, pythons.get(way, sys.executable)) for one, way in WAYS.items()}
        report(ways, n_events, title)


def report(results: dict[str, list[dict[str, Any]] | str], n_events: int, what: str) -> None:
    """Print the table; stop if the ways do not agree on the events."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"dijet selection of {n_events:,} {what}")
    headings = (
        "first run s",
        "first CPU s",
        "again s",
        "again CPU s",
        "kev/s",
        "kev/CPU s",
        "ratio to uproot",
        "selected",
    )
    for heading in ("way", *headings):
        table.add_column(heading, justify="left" if heading == "way" else "right")
    measured = {title: runs for title, runs in results.items() if not isinstance(runs, str)}
    reference = measured["uproot + awkward"][1]
    for title, runs in results.items():
        if isinstance(runs, str):
            table.add_row(title, runs)
            continue
        first, again = runs
        rates = (n_events / again["wall"] / 1e3, n_events / again["processor"] / 1e3)
        ratio = reference["processor"] / again["processor"]
        times = (first["wall"], first["processor"], again["wall"], again["processor"])
        table.add_row(
            title,
            *(f"{t:.2f}" for t in times),
            *(f"{r:.0f}" for r in rates),
            f"{ratio:.2f}",
            str(again["cutflow"][-1]),
        )
    Console(width=130).print(table)
    for title, runs in measured.items():
        if list(runs[1]["cutflow"]) != reference["cutflow"] or not np.allclose(
            runs[1]["sums"], reference["sums"], rtol=1e-4
        ):
            sys.exit(f"{title} selects other events than uproot: {runs[1]} instead of {reference}")


if __name__ == "__main__":
    main()
