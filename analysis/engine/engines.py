"""Where independent stages run: in processes of this machine, or on workers of a Dask cluster on many."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import yaml

from analysis.engine.workers import run_in_worker, worker_processes
from errors import MaplessError
from input_files import check_file

Submit = Callable[..., Future[None]]
"""Has a function and its arguments run elsewhere, once a process is free."""

LARGEST = 1024  # processes of one machine
PATIENCE = 60.0  # seconds until a scheduler has its first worker
INSTALL = "MAPLESS_EXTRAS=dask source setup.sh"


class Engine(Protocol):
    """Runs functions elsewhere."""

    def slots(self, wanted: int) -> int:
        """How many functions, of so many, to hand over at once; with 1 they may run here as well."""

    def threads(self, shared: int, slots: int) -> int:
        """Threads of each function, where `shared` are asked for."""

    def open(self, slots: int) -> AbstractContextManager[Submit]:
        """What takes functions; an error inside of the context stops those that have not begun."""


@dataclass(frozen=True)
class Local:
    """Processes of this machine, which share its threads."""

    processes: int = 1

    def slots(self, wanted: int) -> int:
        """As many as there are processes for."""
        return min(self.processes, wanted)

    def threads(self, shared: int, slots: int) -> int:
        """An equal share."""
        return max(1, shared // slots)

    @contextmanager
    def open(self, slots: int) -> Iterator[Submit]:
        """Start the processes; raises MaplessError when one dies."""
        with worker_processes(slots) as pool:
            yield lambda function, *arguments: pool.submit(run_in_worker, function, *arguments)


ONE_PROCESS = Local()


@dataclass(frozen=True)
class Cluster:
    """Workers of Dask, which see the same files under the same names, each with as many threads as asked for.

    What a worker was at when it died is done again by another.
    """

    client: Any

    def slots(self, wanted: int) -> int:
        """All: Dask knows best which of its workers is free. Nothing runs here."""
        return max(2, wanted)

    def threads(self, shared: int, slots: int) -> int:
        """Nobody shares the cores of a worker."""
        return shared

    @contextmanager
    def open(self, slots: int) -> Iterator[Submit]:
        """Take functions; raises MaplessError for one at which several workers died."""
        from distributed import KilledWorker

        executor = self.client.get_executor(pure=False)
        try:
            yield partial(executor.submit, _run_in, Path.cwd())
        except KilledWorker:
            raise MaplessError(
                "a stage has ended several workers one after the other, perhaps for want of memory; "
                "give them more"
            ) from None
        finally:
            executor.shutdown(wait=False)


@contextmanager
def opened(description: str, workers: int = 1) -> Iterator[Engine]:
    """The engine of a description, for as long as the context: `local`, `local:4`, `dask:ADDRESS`, or
    `slurm:FILE` and `htcondor:FILE`, whose file says what jobs ask for (see docs/batch.md).

    `workers` are the processes of `local` alone. Raises MaplessError for anything else, a cluster that does
    not answer, and workers that do several things at once: ROOT and TensorFlow want a process of their own.
    """
    kind, _, where = description.partition(":")
    if kind == "local":
        yield Local(_processes(where) if where else workers)
        return
    if kind not in ("dask", *_JOBS) or not where:
        raise MaplessError(
            f"--engine {description}: write local, local:N, dask:ADDRESS, slurm:FILE or htcondor:FILE"
        )
    if find_spec("distributed") is None:
        raise MaplessError(f"--engine {description}: Dask is not installed; type `{INSTALL}`")
    with _scheduler(kind, where) as scheduler, _client(scheduler, description) as client:
        if kind == "dask":
            _check_workers(client, where)
        yield Cluster(client)


def _processes(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= LARGEST:
        raise MaplessError(f"--engine local:{text}: write a number of processes, from 1 to {LARGEST}")
    return int(text)


@contextmanager
def _client(scheduler: Any, description: str) -> Iterator[Any]:
    from distributed import Client

    try:
        client = Client(scheduler, timeout=10, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise MaplessError(f"--engine {description}: no scheduler answers there ({reason})") from None
    with client:
        yield client


def _check_workers(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise MaplessError(
            f"the scheduler at {address} has no workers; start some: dask worker {address} --nthreads 1"
        ) from None
    for name, worker in client.scheduler_info(n_workers=-1)["workers"].items():
        if worker["nthreads"] != 1:
            raise MaplessError(
                f"worker {name} runs {worker['nthreads']} tasks at once; start it with --nthreads 1"
            )


@contextmanager
def _scheduler(kind: str, where: str) -> Iterator[Any]:
    """What a client connects to: an address, or a scheduler of our own whose workers are jobs."""
    if kind == "dask":
        yield where
        return
    jobs, settings = _job_settings(kind, Path(where))
    with _job_cluster(kind, settings, where) as cluster:
        cluster.scale(jobs=jobs)
        yield cluster


_JOBS = {"slurm": "SLURMCluster", "htcondor": "HTCondorCluster"}
_PROJECT = Path(__file__).parents[2]


def _job_settings(kind: str, file: Path) -> tuple[int, dict[str, Any]]:
    """How many jobs, and what dask-jobqueue is told about each; every job prepares the environment first."""
    check_file(file)
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = str(error).partition("\n")[0]
        raise MaplessError(f"{file}: this is no YAML ({reason})") from None
    if not isinstance(content, dict) or not isinstance(content.get("jobs"), int) or content["jobs"] < 1:
        raise MaplessError(f"{file}: name the number of `jobs` and what each asks for, such as `memory: 4GB`")
    prologue = [f"source {_PROJECT / 'setup.sh'}", *content.get("job_script_prologue", ())]
    own = {"processes": 1, "nanny": True, "job_script_prologue": prologue}
    given = {key: value for key, value in content.items() if key not in ("jobs", "job_script_prologue")}
    if kind == "htcondor":
        own["disk"] = given.get("disk", "4GB")
    return content["jobs"], {"cores": 1, "memory": "4GB", **given, **own}


def _job_cluster(kind: str, settings: dict[str, Any], where: str) -> Any:
    """The cluster of dask-jobqueue; raises MaplessError for settings that it does not know."""
    import dask_jobqueue

    # a worker runs one stage at a time, with all the cores of its job
    arguments = ["--nthreads", "1"]
    try:
        return getattr(dask_jobqueue, _JOBS[kind])(**settings, worker_extra_args=arguments)
    except (TypeError, ValueError) as error:
        raise MaplessError(f"{where}: {str(error).partition(chr(10))[0]}") from None


def _run_in(folder: Path, function: Callable[..., None], *arguments: Any) -> None:
    """Call a function in the folder in which its paths are meant."""
    os.chdir(folder)
    function(*arguments)
