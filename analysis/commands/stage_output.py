"""What commands that run stages share: the plan, the progress, and the results where a reader looks first."""

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from analysis.engine.engines import ONE_PROCESS, Engine
from analysis.engine.job import Tools
from analysis.engine.output_folder import move_in, partial_folder
from analysis.engine.running import run_stages
from analysis.engine.stage import Stage

MINUTE = 60.0  # seconds from one line about the progress to the next


def run_with_bar(
    stages: Sequence[Stage],
    output: Path,
    console: Console,
    *,
    threads: int,
    engine: Engine = ONE_PROCESS,
    fresh: bool,
) -> None:
    """Run stages, with a bar for what reports its steps on a terminal, and print how long each took."""

    def report(stage: Stage, seconds: float | None) -> None:
        took = "kept from an earlier run" if seconds is None else f"{seconds:6.1f} s"
        console.print(f"[bold]{stage.title:40}[/] {took}")

    for stage in () if fresh else stages:
        if stage.folder(output).exists() and not stage.is_done(output):
            console.print(f"{stage.name}: what is stored is not what was written; it is made anew")
    with _minutes(output, console), _bar(console) as progress:
        tools = Tools(progress, threads)
        run_stages(stages, output, tools, engine=engine, fresh=fresh, report=report)


def plan_table(stages: Sequence[Stage], output: Path, purposes: Mapping[str, str], *, fresh: bool) -> Table:
    """What a run would do, what for (by key of the stage), and what it would keep."""
    table = Table("stage", "for", "state", "folder", title="Would run")
    for stage in stages:
        done = stage.is_done(output) and not fresh
        table.add_row(
            stage.name, purposes.get(stage.key, ""), "done" if done else "to do", str(stage.folder(output))
        )
    return table


def publish(report: Path, output: Path) -> None:
    """Copy the newest report to where a reader looks first, each file by rename.

    What an earlier report had there and this one has not, such as plots of other windows, is removed.
    """
    output.mkdir(exist_ok=True)
    with partial_folder(output) as copy:
        shutil.copytree(report, copy, dirs_exist_ok=True)
        move_in(copy, output)


@contextmanager
def _minutes(output: Path, console: Console) -> Iterator[None]:
    """Where no terminal shows a bar, say every minute which stages are at work."""
    if console.is_terminal:
        yield
        return
    ended, start = Event(), time.monotonic()

    def tell() -> None:
        while not ended.wait(MINUTE):
            names = {place.name.partition(".partial-")[0] for place in output.glob("stages/*.partial-*")}
            at_work = ", ".join(sorted(name.rpartition("-")[0] for name in names))
            if not at_work:  # between two stages
                continue
            console.print(f"{at_work}: at work, {(time.monotonic() - start) / MINUTE:.0f} min of this run")

    teller = Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


@contextmanager
def _bar(console: Console) -> Iterator[Any]:
    """Give a callback that shows a bar from its first call to its last; the event loop has its own."""
    columns = (TextColumn("working"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task("working")

    def progress(done: int, total: int) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)
        if done == total:
            bar.stop()

    try:
        yield progress
    finally:
        bar.stop()
