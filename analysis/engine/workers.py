"""Processes that run stages side by side, and how they end when one of them fails or all are interrupted."""

import multiprocessing
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import Any

from errors import MaplessError

PATIENCE = 10.0  # seconds that a process has to tidy up


def partial_folder(folder: Path, process: int | None) -> Path:
    """Where a process fills what becomes this folder when it is complete."""
    return folder.with_name(f"{folder.name}.partial-{process}")


@contextmanager
def worker_processes(workers: int, output: Path) -> Iterator[ProcessPoolExecutor]:
    """Processes that fill folders below `output`; an error inside ends them, and what they had begun goes.

    Each has a fresh interpreter, as ROOT and TensorFlow do not survive a fork. Submit functions through
    `run_in_worker`. Raises MaplessError when a process dies.
    """
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _heed_only_the_parent)
    try:
        yield pool
    except BaseException as error:
        pool.shutdown(wait=False, cancel_futures=True)
        _end(set(multiprocessing.active_children()) - others, output)
        if isinstance(error, BrokenProcessPool):
            raise MaplessError(
                "a process died, perhaps for want of memory; run again with fewer workers"
            ) from None
        raise
    pool.shutdown()


def run_in_worker(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function such that the parent can stop it."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        return function(*arguments)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _heed_only_the_parent() -> None:
    """Leave Ctrl-C, which reaches all processes of a terminal, to the parent; it stops those at work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _stop(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _end(processes: set[BaseProcess], output: Path) -> None:
    """Stop processes, those that do not tidy up in time by force, and remove what they leave."""
    for process in processes:
        process.terminate()
    latest = time.monotonic() + PATIENCE
    for process in processes:
        process.join(max(0.0, latest - time.monotonic()))
        process.kill()
        for left in output.glob(partial_folder(Path("stages/*"), process.pid).as_posix()):
            shutil.rmtree(left, ignore_errors=True)
