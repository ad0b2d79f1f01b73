"""Production of level-1 samples: chunks on several processes, kept on disk until they become one file."""

import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from analysis.simulation.columns import Columns, load_columns, save_columns
from analysis.simulation.level1 import crossings, writer
from analysis.simulation.level1.menu import DEFAULT_MENU, read_menu
from analysis.simulation.level1.pool import CollisionPool, PoolRecipe, prepare_pool
from analysis.simulation.level1.processes import PROCESSES, Crossing, ZeroBias
from analysis.simulation.merge import describe
from analysis.simulation.processes import Quality, create
from analysis.simulation.production import SimulationProgress, no_progress, run_all
from analysis.simulation.recipe import SampleRecipe
from errors import MaplessError
from selections.level1.seeds import Seed

ZERO_BIAS_CHUNK, SIGNAL_CHUNK = 20_000, 500  # crossings: some seconds of work


@dataclass(frozen=True)
class Level1Sample:
    """A finished sample of level-1 events, with the cross section (pb) of what happens in them."""

    path: Path
    n_events: int
    cross_section: float


def simulate(
    process: str,
    n_events: int,
    *,
    output: Path,
    seed: int = 1,
    workers: int = 2,
    quality: Quality = "fast",
    menu: Path = DEFAULT_MENU,
    keep_in: Path | None = None,
    progress: SimulationProgress = no_progress,
    pool_progress: SimulationProgress = no_progress,
    **parameters: Any,
) -> Level1Sample:
    """Simulate `n_events` bunch crossings into the RNTuple `output`, described in `output`.json.

    `process` and its `parameters` are those of `processes`. In `quality` "fast" the pile-up is drawn from
    the collisions that come with the project, with "full" from three times as many, which are made once per
    user in some minutes (`pool_progress`); "tiny" leaves out multiparton interactions in hard collisions, for
    tests. The same arguments give the same events, whatever the number of workers. The file `menu` names the
    triggers whose decisions are stored. After an interruption the same call goes on from the chunks that are
    complete, in the folder `keep_in`, by default that of `output`.

    Raises MaplessError for an unknown process or parameter, and when it is interrupted or a worker dies.
    """
    if n_events < 1 or workers < 1:
        raise MaplessError(f"cannot simulate {n_events} events on {workers} workers; ask for at least one")
    seeds = read_menu(menu)
    recipe = SampleRecipe(process, create(process, PROCESSES, **parameters), quality, seed)
    pool_of = PoolRecipe if quality == "full" else PoolRecipe.small
    pool_recipe = pool_of(beam_energy=recipe.process.beam_energy)
    output = Path(output)
    folder = (keep_in or output.parent) / f"{output.name}.{recipe.key}.chunks"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        pool = prepare_pool(pool_recipe, workers, pool_progress)
        paths = make_chunks(recipe, pool, folder, n_events, workers, progress)
    except (KeyboardInterrupt, BrokenProcessPool):
        raise MaplessError(f"interrupted; what is complete is kept in {folder}: run the same again") from None
    sample = merge(recipe, pool_recipe, paths, n_events, output, seeds)
    shutil.rmtree(folder)
    return sample


def make_chunks(
    recipe: SampleRecipe[Crossing],
    pool: Path,
    folder: Path,
    n_events: int,
    workers: int,
    progress: SimulationProgress,
) -> list[Path]:
    """The files of all chunks of a sample, in order."""
    size = ZERO_BIAS_CHUNK if isinstance(recipe.process, ZeroBias) else SIGNAL_CHUNK
    sizes = [min(size, n_events - start) for start in range(0, n_events, size)]
    done: list[int] = []

    def count(chunk: int) -> None:
        done.append(sizes[chunk])
        progress(sum(done), n_events)

    tasks = [(recipe, pool, folder, chunk, size) for chunk, size in enumerate(sizes)]
    return run_all(make_chunk, tasks, workers, count)


def make_chunk(recipe: SampleRecipe[Crossing], pool: Path, folder: Path, chunk: int, size: int) -> Path:
    """The file of a chunk, made unless it is on disk. Runs in a worker."""
    path = folder / f"chunk{chunk:06d}_{size}.npz"
    if not path.exists():
        save_columns(path, crossings.generate(recipe, chunk, size, load_pool(pool)))
    return path


@cache
def load_pool(path: Path) -> CollisionPool:
    """The pool, read once per process."""
    return CollisionPool.load(path)


def merge(
    recipe: SampleRecipe[Crossing],
    pool: PoolRecipe,
    paths: list[Path],
    n_events: int,
    output: Path,
    menu: Mapping[str, Seed],
) -> Level1Sample:
    """Write the chunks as one file with the bits of the menu, and its description beside it."""
    measured: list[float] = []

    def parts() -> Iterator[Columns]:
        for path in paths:
            events = load_columns(path)
            measured.append(float(events["cross_section"]))
            yield events

    writer.write(output, parts(), menu)
    sample = Level1Sample(output, n_events, float(np.mean(measured)))
    description = recipe.as_dict() | {
        "n_events": n_events,
        "cross_section_pb": sample.cross_section,
        "collisions": asdict(pool),
        "menu": {name: asdict(seed) for name, seed in menu.items()},
    }
    describe(output, description)
    return sample
