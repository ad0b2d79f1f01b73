"""Production of a sample: chunks on several processes, kept on disk until they are merged into one file."""

import multiprocessing
import shutil
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from analysis.simulation import chunks
from analysis.simulation.catalogue import PROCESSES
from analysis.simulation.columns import save_columns
from analysis.simulation.detector import Detector
from analysis.simulation.merge import Bookkeeping, SimulatedSample, merge
from analysis.simulation.processes import Quality, create
from analysis.simulation.recipe import SampleRecipe
from analysis.simulation.underlying_event import UnderlyingEventPool
from errors import MaplessError

EVENTS_PER_CHUNK = {"full": 1000, "fast": 2000, "tiny": 100}  # generated; about half of them are selected
EXPECTED_SHARE = 0.5  # of selected events, until the first chunk tells
PATIENCE = 20  # chunks without a selected event
POOL_SIZE = 10_000
POOL_CHUNK = 2**31  # a chunk number for the seed of the pool, out of the way of real chunks

SimulationProgress = Callable[[int, int], None]
Result = TypeVar("Result")


def no_progress(done: int, wanted: int) -> None:
    """Show nothing."""


def simulate(
    process: str,
    n_events: int,
    *,
    output: Path,
    seed: int = 1,
    workers: int = 2,
    quality: Quality = "fast",
    detector: Detector = Detector(),  # noqa: B008  (frozen)
    progress: SimulationProgress = no_progress,
    **parameters: Any,
) -> SimulatedSample:
    """Generate `n_events` selected events of a process into the RNTuple `output`, described in `output`.json.

    `parameters` are the fields of the process in `processes`. The same arguments give the same events,
    whatever the number of workers. Finished chunks are kept in a folder beside the output: after an
    interruption the same call goes on from there. The weights add up to the cross section in pb after the
    selection. `progress` is called with (done, wanted). One worker is this process; with more, a script needs
    its `if __name__ == "__main__":`.

    Raises MaplessError for an unknown process or parameter, and when it is interrupted or a worker dies.
    """
    if n_events < 1 or workers < 1 or quality not in EVENTS_PER_CHUNK:
        raise MaplessError(
            f"cannot simulate {n_events} events of quality {quality!r} on {workers} workers; "
            f"ask for at least one, in quality {', '.join(EVENTS_PER_CHUNK)}"
        )
    recipe = SampleRecipe(process, create(process, PROCESSES, **parameters), quality, seed, detector)
    output = Path(output)
    folder = output.with_name(f"{output.name}.{recipe.key}.chunks")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if quality == "fast":
            prepare_pool(folder, recipe)
        paths = Production(recipe, folder, n_events, progress).run(workers)
    except (KeyboardInterrupt, BrokenProcessPool):
        raise MaplessError(f"interrupted; what is complete is kept in {folder}: run the same again") from None
    except MaplessError:  # it would end in the same way again
        shutil.rmtree(folder)
        raise
    sample = merge(recipe, paths, n_events, output)
    shutil.rmtree(folder)
    return sample


def pool_path(folder: Path) -> Path:
    """Where the underlying-event pool of a sample is kept."""
    return folder / "underlying_event.npz"


def prepare_pool(folder: Path, recipe: SampleRecipe) -> None:
    """Make the pool of underlying events, unless it is there."""
    if not pool_path(folder).exists():
        seed = int(np.random.SeedSequence([recipe.seed, POOL_CHUNK]).generate_state(1)[0])
        pool = UnderlyingEventPool.generate(
            POOL_SIZE, seed, recipe.process.beam_energy, recipe.process.pythia_settings
        )
        pool.save(pool_path(folder))


def chunk_path(folder: Path, chunk: int) -> Path:
    """File of one chunk."""
    return folder / f"chunk{chunk:06d}.npz"


def make_chunk(recipe: SampleRecipe, folder: Path, chunk: int) -> int:
    """Generate a chunk unless it is on disk; returns its number of selected events. Runs in a worker."""
    path = chunk_path(folder, chunk)
    if not path.exists():
        pool = UnderlyingEventPool.load(pool_path(folder)) if recipe.quality == "fast" else None
        save_columns(path, chunks.generate(recipe, chunk, EVENTS_PER_CHUNK[recipe.quality], pool))
    return Bookkeeping.read(path).n_selected


class InThisProcess(Executor):
    """An executor for one worker: no other process to start, and a debugger sees everything."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """Call the function now."""
        future: Future[Any] = Future()
        future.set_result(function(*arguments, **options))
        return future


def executor_for(workers: int) -> Executor:
    """What runs chunks; other processes leave an interrupt from the keyboard to this one."""
    if workers == 1:
        return InThisProcess()
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, context, signal.signal, (signal.SIGINT, signal.SIG_IGN))


def run_all(
    function: Callable[..., Result],
    tasks: Sequence[tuple[Any, ...]],
    workers: int,
    done: Callable[[int], None],
) -> list[Result]:
    """Results of a function for the arguments of each task, in order; `done` gets the number of one finished.

    When it is interrupted, the tasks at work are finished and the others forgotten.
    """

    def tell(number: int, future: Future[Result]) -> None:
        if not future.cancelled():
            done(number)

    with executor_for(workers) as executor:
        futures = []
        try:
            for number, task in enumerate(tasks):
                futures.append(executor.submit(function, *task))
                futures[-1].add_done_callback(partial(tell, number))
            return [future.result() for future in futures]
        except BaseException:
            executor.shutdown(cancel_futures=True)
            raise


class Production:
    """The chunks of one sample: how many there are, how many more it takes."""

    def __init__(
        self, recipe: SampleRecipe, folder: Path, n_events: int, progress: SimulationProgress
    ) -> None:
        self.recipe, self.folder, self.n_events, self.progress = recipe, folder, n_events, progress
        self.sizes: dict[int, int] = {}  # selected events of the finished chunks

    def run(self, workers: int) -> list[Path]:
        """Chunk files, in order, that together hold at least the wanted number of events.

        Which chunks these are does not depend on the order in which the workers finish.
        """
        with executor_for(workers) as executor:
            running: dict[Future[int], int] = {}
            following = count()
            while (paths := self.sufficient()) is None:
                while self.wants_another(len(running), workers):
                    chunk = next(following)
                    running[executor.submit(make_chunk, self.recipe, self.folder, chunk)] = chunk
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                self.sizes |= {running.pop(future): future.result() for future in finished}
                self.progress(min(sum(self.sizes.values()), self.n_events), self.n_events)
        return paths

    def sufficient(self) -> list[Path] | None:
        """The first chunks, without a gap, that hold enough events; None while there are too few.

        Raises MaplessError when nothing is ever selected.
        """
        total = 0
        for chunk in range(len(self.sizes)):
            if chunk not in self.sizes:
                return None
            total += self.sizes[chunk]
            if total >= self.n_events:
                return [chunk_path(self.folder, number) for number in range(chunk + 1)]
        if total == 0 and len(self.sizes) >= PATIENCE:
            raise MaplessError(
                f"no event of {self.recipe.name} passes its own selection; loosen mjj_min or the like"
            )
        return None

    def wants_another(self, n_running: int, workers: int) -> bool:
        """Whether a worker is free and the chunks at work will not suffice."""
        expected = EXPECTED_SHARE * EVENTS_PER_CHUNK[self.recipe.quality]
        if self.sizes:
            expected = sum(self.sizes.values()) / len(self.sizes)
        on_the_way = sum(self.sizes.values()) + n_running * expected
        return n_running == 0 or (n_running < workers and on_the_way < self.n_events)
