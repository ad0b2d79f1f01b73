"""Events per second of shuffled training batches: ours, uproot, and ROOT's own loader.

    python -m tests.benchmarks.batch_loader FOLDER [--events 200000]

FOLDER keeps the input, a snapshot with 16 features and the constituents of one jet, for the next time. Two
readings are timed: the features alone, and with the constituents padded to (100, 3). Every way runs in a
process of its own, four epochs: what counts in training is the best of the later ones. uproot.iterate does
not shuffle.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

FEATURES = tuple(f"feature{i}" for i in range(16))
PARTS = ("pt", "eta", "phi")
SIZE = 4096
EPOCHS = 4
Epochs = Callable[[int], Iterator[np.ndarray]]
WAYS = {"ours": "ours", "uproot.iterate, in order": "uproot", "ROOT RDataLoader": "root"}
READINGS = {"features": False, "features and constituents": True}


def make_input(path: Path, n_events: int) -> None:
    """Random features, and 20 to 99 constituents per jet."""
    from selections import snapshot
    from selections.root import import_root

    frame = import_root().RDataFrame(n_events).Define("run", "1u").Define("luminosity_block", "1u")
    frame = frame.Define("event", "rdfentry_").Define("random", "TRandom3(rdfentry_ + 1)")
    for name in FEATURES:
        frame = frame.Define(name, "static_cast<float>(random.Gaus(0, 1))")
    for part in PARTS:
        values = "ROOT::RVecF v(20 + rdfentry_ % 80); for (auto &x : v) x = random.Rndm(); return v;"
        frame = frame.Define(f"jet1_constituent_{part}", values)
    columns = [*FEATURES, *(f"jet1_constituent_{part}" for part in PARTS)]
    snapshot.write(frame, path, columns)


def ours(path: Path, constituents: bool) -> Epochs:
    """Shuffled batches of this project."""
    from selections.events import StoredEvents

    columns = [*FEATURES, *(["jet1_constituent"] if constituents else [])]
    events = StoredEvents(path)

    def batches(number: int) -> Iterator[np.ndarray]:
        for batch in events.batches(columns, SIZE, seed=1, epoch=number):
            features = np.stack([batch[name] for name in FEATURES], axis=1)
            yield batch["jet1_constituent"] if constituents else features

    return batches


def with_uproot(path: Path, constituents: bool) -> Epochs:
    """uproot.iterate, the constituents padded by awkward."""
    import awkward as ak
    import uproot

    jagged = [f"jet1_constituent_{part}" for part in PARTS] if constituents else []

    def batches(number: int) -> Iterator[np.ndarray]:  # noqa: ARG001 (the order is always the same)
        for chunk in uproot.iterate(f"{path}:Events", [*FEATURES, *jagged], step_size=SIZE):
            features = np.stack([np.asarray(chunk[name]) for name in FEATURES], axis=1)
            padded = [ak.fill_none(ak.pad_none(chunk[name], 100, clip=True), 0) for name in jagged]
            yield np.stack([np.asarray(part) for part in padded], axis=2) if constituents else features

    return batches


def with_root(path: Path, constituents: bool) -> Epochs:
    """ROOT's RDataLoader, shuffled, which flattens and pads columns of many values."""
    from selections.root import import_root

    root = import_root()
    jagged = [f"jet1_constituent_{part}" for part in PARTS] if constituents else []
    loader = root.Experimental.ML.RDataLoader(
        root.RDataFrame("Events", str(path)),
        SIZE,
        columns=[*FEATURES, *jagged],
        max_vec_sizes=dict.fromkeys(jagged, 100),
        shuffle=True,
        drop_remainder=False,
    )
    training, _ = loader.train_test_split(test_size=0.01)  # 0 is refused
    return lambda number: iter(training.as_numpy())


def measure(way: str, path: Path, constituents: bool) -> list[dict[str, float]]:
    """Events, wall and processor seconds of every epoch, and the memory of the process in MB."""
    prepare = {"ours": ours, "uproot": with_uproot, "root": with_root}[way]
    start = time.perf_counter(), time.process_time()
    batches = prepare(path, constituents)
    epochs = []
    for number in range(EPOCHS):
        events = sum(len(batch) for batch in batches(number))
        now = time.perf_counter(), time.process_time()
        times = {"wall": now[0] - start[0], "processor": now[1] - start[1]}
        epochs.append({"events": events, **times, "memory": peak_memory()})
        start = now
    return epochs


def peak_memory() -> float:
    """Peak of the memory of this process in MB, without what its parent had."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def run_apart(way: str, path: Path, constituents: bool) -> list[dict[str, float]] | str:
    """The measurement in a process of its own; the last line of its error, if it fails."""
    command = [sys.executable, "-m", "tests.benchmarks.batch_loader", str(path.parent), "--way", way]
    command += ["--input", str(path), *(["--constituents"] if constituents else [])]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment, timeout=600
        )
    except subprocess.TimeoutExpired:
        return "gave no end within 600 s"
    if result.returncode != 0:
        return result.stderr.strip().rpartition("\n")[2][:60]
    measured: list[dict[str, float]] = json.loads(result.stdout.splitlines()[-1])
    return measured


def main() -> None:
    """Make the input if it is not there, run all ways, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, default=200_000)
    for hidden in ("--way", "--input"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    parser.add_argument("--constituents", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(json.dumps(measure(options.way, Path(options.input), options.constituents)))
        return
    path = options.folder / f"batches_{options.events}.root"
    if not path.exists():
        make_input(path, options.events)
    report(path)


def report(path: Path) -> None:
    """Run every way and print the table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"batches of {SIZE} events from {path.name}")
    numbers = ("events", "first epoch s", "later s", "kev/s", "kev/CPU s", "ratio to ROOT", "MB")
    for heading in ("reading", "way", *numbers):
        table.add_column(heading)
    for reading, constituents in READINGS.items():
        results = {title: run_apart(way, path, constituents) for title, way in WAYS.items()}
        slowest = results["ROOT RDataLoader"]
        for title, epochs in results.items():
            table.add_row(reading, title, *([epochs] if isinstance(epochs, str) else _row(epochs, slowest)))
    Console(width=130).print(table)


def _row(epochs: list[dict[str, float]], reference: Any) -> list[str]:
    later = _best(epochs)
    rates = [later["events"] / later[clock] for clock in ("wall", "processor")]
    ratio = "–"
    if not isinstance(reference, str):
        ratio = f"{rates[1] * _best(reference)['processor'] / _best(reference)['events']:.1f}"
    times = [f"{epoch['wall']:.2f}" for epoch in (epochs[0], later)]
    shown = [f"{rate / 1e3:.0f}" for rate in rates]
    return [f"{later['events']:.0f}", *times, *shown, ratio, f"{later['memory']:.0f}"]


def _best(epochs: list[dict[str, float]]) -> dict[str, float]:
    """Of the epochs after the first the one that took the least processor time."""
    return min(epochs[1:], key=lambda epoch: epoch["processor"])


if __name__ == "__main__":
    main()
