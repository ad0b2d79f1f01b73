"""Processes that run stages side by side, and how they end when one of them fails or all are interrupted."""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any

from errors import MaplessError

PATIENCE = 10.0  # seconds that a process has to tidy up
STOP = signal.SIGUSR1  # ends an idle process at once, one at work after it has tidied up


@contextmanager
def worker_processes(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes with a fresh interpreter each, as ROOT and TensorFlow do not survive a fork.

    Submit functions through `run_in_worker`: an error inside of the context stops those at work. Raises
    MaplessError when a process dies.
    """
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _heed_only_the_parent)
    try:
        # All start now: the pool may not notice the death of one that starts later.
        wait([pool.submit(os.getpid) for _ in range(workers)])
        yield pool
    except BaseException as error:
        _end(set(multiprocessing.active_children()) - others)
        pool.shutdown(cancel_futures=True)
        if isinstance(error, BrokenProcessPool):
            reason = "a process died, perhaps for want of memory; run again with fewer workers"
            raise MaplessError(reason) from None
        raise
    pool.shutdown()


def run_in_worker(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function such that the parent can stop it."""
    signal.signal(STOP, _stop)
    try:
        return function(*arguments)
    except SystemExit:  # the pool would send it to the parent and wait for more work
        os._exit(128 + STOP)
    finally:
        signal.signal(STOP, signal.SIG_DFL)


def _heed_only_the_parent() -> None:
    """Leave what reaches all processes of a terminal to the parent, which ends them by its own signal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _stop(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _end(processes: set[BaseProcess]) -> None:
    """Stop processes, those that do not tidy up in time by force."""
    for process in processes:
        if process.pid and process.is_alive():
            with suppress(ProcessLookupError):  # the pool's own thread may have seen its end meanwhile
                os.kill(process.pid, STOP)
    latest = time.monotonic() + PATIENCE
    for process in processes:
        process.join(max(0.0, latest - time.monotonic()))
        process.kill()
        process.join()
