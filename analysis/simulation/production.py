"""Production of a sample: chunks on several processes, kept on disk, merged in order into one file."""

import hashlib
import json
import multiprocessing
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from analysis.simulation import chunks, writer
from analysis.simulation.processes import Process, Quality, create
from analysis.simulation.underlying_event import Pool
from errors import MaplessError

EVENTS_PER_CHUNK = {"full": 1000, "fast": 2000, "tiny": 100}  # generated; about half of them are selected
POOL_SIZE = 10_000
POOL_CHUNK = 2**31  # a chunk number for the seed of the pool, out of the way of real chunks
PACKAGES = ("pythia8mc", "fastjet", "root", "numpy")
VERSION = 1  # of the simulated physics: raise it when the same seed gives other events

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Recipe:
    """All that decides the content of a sample, apart from its length."""

    name: str
    process: Process
    quality: Quality
    seed: int

    def as_dict(self) -> dict[str, Any]:
        """The recipe in JSON's types."""
        return {
            "process": self.name,
            "parameters": self.process.model_dump(mode="json"),
            "quality": self.quality,
            "seed": self.seed,
            "simulation_version": VERSION,
            "packages": {package: version(package) for package in PACKAGES},
        }

    @cached_property
    def key(self) -> str:
        """Short hash of the recipe."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Sample:
    """A finished sample: its file, number of events and cross section (pb) after the selection."""

    path: Path
    n_events: int
    cross_section: float
    luminosity: float


def simulate(
    process: str,
    n_events: int,
    seed: int,
    workers: int,
    quality: Quality,
    output: Path,
    *,
    progress: Progress | None = None,
    **parameters: Any,
) -> Sample:
    """Generate `n_events` selected events of a process into the RNTuple `output`, and `output`.json beside it.

    The same arguments give the same events, whatever the number of workers. Finished chunks are kept in a
    folder beside the output: after an interruption the same call goes on from there. The weights add up to
    the cross section in pb after the selection. `progress` is called with (done, wanted).

    Raises MaplessError for an unknown process or parameter.
    """
    if n_events < 1 or workers < 1 or quality not in EVENTS_PER_CHUNK:
        raise MaplessError(
            f"cannot simulate {n_events} events of quality {quality!r} on {workers} workers; "
            f"ask for at least one, in quality {', '.join(EVENTS_PER_CHUNK)}"
        )
    recipe = Recipe(process, create(process, **parameters), quality, seed)
    output = Path(output)
    folder = output.with_name(f"{output.name}.{recipe.key}.chunks")
    folder.mkdir(parents=True, exist_ok=True)
    if quality == "fast":
        prepare_pool(folder, recipe)
    paths = produce(recipe, folder, n_events, workers, progress or (lambda done, wanted: None))
    sample = merge(recipe, paths, n_events, output)
    shutil.rmtree(folder)
    return sample


def pool_path(folder: Path) -> Path:
    """Where the underlying-event pool of a sample is kept."""
    return folder / "underlying_event.npz"


def prepare_pool(folder: Path, recipe: Recipe) -> None:
    """Make the pool of underlying events, unless it is there."""
    if not pool_path(folder).exists():
        seed = int(np.random.SeedSequence([recipe.seed, POOL_CHUNK]).generate_state(1)[0])
        Pool.generate(POOL_SIZE, seed, recipe.process.beam_energy).save(pool_path(folder))


def chunk_path(folder: Path, chunk: int) -> Path:
    """File of one chunk."""
    return folder / f"chunk{chunk:06d}.npz"


def produce(recipe: Recipe, folder: Path, n_events: int, workers: int, progress: Progress) -> list[Path]:
    """Chunk files, in order, that together hold at least `n_events` events."""
    context = multiprocessing.get_context("spawn")
    sizes: dict[int, int] = {}
    with ProcessPoolExecutor(workers, context) as executor:
        waiting: dict[Future[int], int] = {}
        following = 0
        try:
            while complete(sizes) < n_events:
                while len(waiting) < 2 * workers:
                    waiting[executor.submit(make_chunk, recipe, folder, following)] = following
                    following += 1
                finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
                sizes |= {waiting.pop(future): future.result() for future in finished}
                progress(min(sum(sizes.values()), n_events), n_events)
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
    return list(needed(folder, sizes, n_events))


def complete(sizes: dict[int, int]) -> int:
    """Events in the chunks from the first on without a gap.

    >>> complete({0: 5, 1: 6, 3: 9})
    11
    """
    total = 0
    for chunk in range(len(sizes)):
        if chunk not in sizes:
            break
        total += sizes[chunk]
    return total


def needed(folder: Path, sizes: dict[int, int], n_events: int) -> Iterator[Path]:
    """The first chunks that suffice for `n_events`."""
    total = 0
    for chunk in range(len(sizes)):
        if total >= n_events:
            return
        total += sizes[chunk]
        yield chunk_path(folder, chunk)


def make_chunk(recipe: Recipe, folder: Path, chunk: int) -> int:
    """Generate a chunk unless it is on disk; returns its number of events. Runs in a worker."""
    path = chunk_path(folder, chunk)
    if path.exists():
        return len(chunks.load(path)["n_jet"])
    pool = Pool.load(pool_path(folder)) if recipe.quality == "fast" else None
    n_generated = EVENTS_PER_CHUNK[recipe.quality]
    events = chunks.generate(recipe.process, recipe.quality, recipe.seed, chunk, n_generated, pool)
    chunks.save(path, events)
    return len(events["n_jet"])


def merge(recipe: Recipe, paths: list[Path], n_events: int, output: Path) -> Sample:
    """Write the first `n_events` events of the chunks as one file, and its description beside it."""
    bookkeeping = np.array([bookkeep(path) for path in paths])
    n_selected, n_generated, n_tried = bookkeeping[:, :3].sum(axis=0)
    after_veto = float(np.average(bookkeeping[:, 3], weights=bookkeeping[:, 2]))
    cross_section = after_veto * n_selected / n_generated
    sample = Sample(output, n_events, cross_section, n_events / cross_section)
    writer.write(output, numbered(recipe.process, paths, sample))
    description = recipe.as_dict() | {
        "n_events": n_events,
        "n_generated": int(n_generated),
        "n_tried": int(n_tried),
        "cross_section_pb": cross_section,
        "cross_section_relative_error": float(n_selected**-0.5),
        "equivalent_luminosity_per_pb": sample.luminosity,
    }
    beside = output.with_name(output.name + ".json")
    partial = beside.with_name(beside.name + ".partial")
    partial.write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    partial.replace(beside)
    return sample


def bookkeep(path: Path) -> tuple[float, float, float, float]:
    """Number of selected, generated and tried events, and the cross section after the veto, of a chunk."""
    with np.load(path) as stored:
        counts = (len(stored["n_jet"]), int(stored["n_generated"]), int(stored["n_tried"]))
        return (*counts, float(stored["cross_section"]))


def numbered(process: Process, paths: list[Path], sample: Sample) -> Iterator[chunks.Columns]:
    """The chunks with event numbers and weights, the last one cut at the wanted number of events."""
    done = 0
    for path in paths:
        events = chunks.load(path)
        for name in ("n_generated", "n_tried", "cross_section"):
            del events[name]
        size = min(len(events["n_jet"]), sample.n_events - done)
        yield cut(events, size) | event_columns(process, done, size, sample)
        done += size


def event_columns(process: Process, first: int, size: int, sample: Sample) -> chunks.Columns:
    """Identity, weight, label and flags of `size` events."""
    return {
        "run": np.full(size, process.run),
        "luminosity_block": np.ones(size),
        "event": np.arange(first, first + size),
        "weight": np.full(size, sample.cross_section / sample.n_events),
        "truth_label": np.full(size, process.truth_label),
        "passes_trigger": np.ones(size, bool),
        "passes_filters": np.ones(size, bool),
    }


def cut(events: chunks.Columns, size: int) -> chunks.Columns:
    """The first `size` events of a chunk."""
    counts = {name: column[:size] for name, column in events.items() if name.startswith("n_")}
    jagged = {}
    for name, column in events.items():
        if name not in counts:
            collection = next(key for key in counts if name.startswith(key.removeprefix("n_") + "_"))
            jagged[name] = column[: counts[collection].sum()]
    return counts | jagged
