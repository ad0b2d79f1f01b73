"""Runs stages: finished ones are kept, products appear complete or not at all, in several processes."""

import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack, contextmanager
from pathlib import Path

from analysis.engine import provenance
from analysis.engine.code_key import code_key
from analysis.engine.engines import ONE_PROCESS, Engine
from analysis.engine.job import Job, Tools
from analysis.engine.manifest import read_manifest, write_manifest
from analysis.engine.stage import Stage, fingerprint, plain
from analysis.engine.threads import bound_libraries
from errors import MaplessError, at_work

Report = Callable[[Stage, float | None], None]
"""Hears of every stage that is there, with its seconds, or None if it was kept from an earlier run."""


def run_stages(
    stages: Sequence[Stage],
    output: Path,
    tools: Tools,
    *,
    engine: Engine = ONE_PROCESS,
    fresh: bool = False,
    report: Report = lambda stage, seconds: None,
) -> None:
    """Run stages, each behind what it needs, and keep those that are done unless `fresh`.

    `stages` are in order (`analysis.engine.stage.in_order`). With an engine of several workers independent
    stages run side by side. Raises MaplessError when a process dies, and what a task raises, which ends all
    others; finished stages stay. Products that are not what was written are made anew.
    """
    kept = {stage.key for stage in stages if stage.is_done(output) and not fresh}
    for stage in stages:
        if stage.key in kept:
            report(stage, None)
    groups = in_groups([stage for stage in stages if stage.key not in kept])
    slots = engine.slots(len(groups))
    if groups and slots > 1:
        _run_side_by_side(groups, output.absolute(), tools, engine, slots, report)
        return
    for group in groups:
        _run(group, output, tools, os.getpid())
        _tell(group, output, report)


def run_stage(stage: Stage, output: Path, tools: Tools | None = None, *, fresh: bool = False) -> Path:
    """Run one stage whose earlier ones are done, unless its products exist, and return its folder."""
    if fresh or not stage.is_done(output):
        _run([stage], output, tools or Tools(), os.getpid())
    return stage.folder(output)


def in_groups(stages: Sequence[Stage]) -> list[list[Stage]]:
    """Stages of one batch together, at the place of the first of them: they need the same earlier ones.

    Those of one name are apart, such as a region of the search and the one that is looked at in its place.
    """
    groups: dict[tuple[str, int], list[Stage]] = {}
    names: Counter[tuple[str, str]] = Counter()
    for stage in stages:
        batch = stage.batch or stage.key
        groups.setdefault((batch, names[batch, stage.name]), []).append(stage)
        names[batch, stage.name] += 1
    return list(groups.values())


def _run(group: Sequence[Stage], output: Path, tools: Tools, run: int) -> None:
    """Run stages of one batch; their folders are filled beside and renamed together with their manifests.

    The folders at work are named after the run, the number of its main process.
    """
    with ExitStack() as stack:
        jobs = [stack.enter_context(_job(stage, output, run)) for stage in group]
        start = time.perf_counter()
        with at_work(f"stage {group[0].title}"), bound_libraries(tools.threads):
            group[0].task(jobs if group[0].batch else jobs[0], tools)
            seconds = (time.perf_counter() - start) / len(group)
            for stage, job in zip(group, jobs, strict=True):
                _write_manifest(stage, job.folder, seconds)
        for stage, job in zip(group, jobs, strict=True):
            _replace(stage.folder(output), job.folder)


def _replace(folder: Path, new: Path) -> None:
    """Put a new folder in the place of an old one, which is first renamed: it is whole or it is not there."""
    old = new.with_name(f"{new.name}-old")
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _job(stage: Stage, output: Path, run: int) -> Iterator[Job]:
    folder = stage.folder(output)
    partial = folder.with_name(f"{folder.name}.partial-{run}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield Job(
            partial, {name: earlier.folder(output) for name, earlier in stage.after.items()}, stage.arguments
        )
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _tell(group: Sequence[Stage], output: Path, report: Report) -> None:
    for stage in group:
        report(stage, read_manifest(stage.folder(output))["seconds"])


def _run_side_by_side(
    groups: list[list[Stage]], output: Path, tools: Tools, engine: Engine, slots: int, report: Report
) -> None:
    waiting, running = list(groups), dict[Future[None], list[Stage]]()
    unfinished = {stage.key for group in groups for stage in group}
    quiet, run = Tools(threads=engine.threads(tools.threads, slots)), os.getpid()
    try:
        with engine.open(slots) as submit:
            while waiting or running:
                ready = [group for group in waiting if not _needs(group) & unfinished]
                for group in ready[: slots - len(running)]:
                    waiting.remove(group)
                    running[submit(_run_elsewhere, group, _code(group), output, quiet, run)] = group
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                    group = running.pop(future)
                    unfinished -= {stage.key for stage in group}
                    _tell(group, output, report)
    finally:
        for left in output.glob(f"stages/*.partial-{run}*"):  # by a process that could not tidy up
            shutil.rmtree(left, ignore_errors=True)


def _run_elsewhere(group: Sequence[Stage], code: str, output: Path, tools: Tools, run: int) -> None:
    """Run stages in another process; MaplessError if it has other code than the one that planned them."""
    if _code(group) != code:
        raise MaplessError(
            f"stage {group[0].title}: a worker has another version of the code or of the packages; start the "
            "workers in the environment of this command"
        )
    _run(group, output, tools, run)


def _code(group: Sequence[Stage]) -> str:
    return " ".join(code_key(stage.task.__module__, *stage.code) for stage in group)


def _needs(group: Sequence[Stage]) -> set[str]:
    return {earlier.key for stage in group for earlier in stage.after.values()}


def _write_manifest(stage: Stage, folder: Path, seconds: float) -> None:
    content = {
        "stage": stage.name,
        "key": stage.key,
        "arguments": plain(stage.arguments),
        "inputs": {str(file): fingerprint(file) for file in stage.input_files},
        "after": {name: earlier.key for name, earlier in stage.after.items()},
        "seconds": round(seconds, 2),
        "peak_memory_gb": round(provenance.peak_memory(), 2),
        **provenance.environment(),
    }
    write_manifest(folder, content)
