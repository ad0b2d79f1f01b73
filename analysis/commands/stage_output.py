"""What commands that run stages share: the plan, the progress, and the results where a reader looks first."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from analysis.engine.json_file import read_json, write_json
from analysis.engine.running import run_stages
from analysis.engine.stage import Stage, Tools

PUBLISHED = ".published.json"
"""Names of the files that the last report has put into the output."""


def run_with_bar(
    stages: Sequence[Stage], output: Path, console: Console, *, threads: int, workers: int = 1, fresh: bool
) -> None:
    """Run stages, with a bar for what reports its steps on a terminal, and print how long each took."""

    def report(stage: Stage, seconds: float | None) -> None:
        took = "kept from an earlier run" if seconds is None else f"{seconds:6.1f} s"
        console.print(f"[bold]{stage.title:40}[/] {took}")

    with _bar(console) as progress:
        tools = Tools(progress, threads)
        run_stages(stages, output, tools, workers=workers, fresh=fresh, report=report)


def plan_table(stages: Sequence[Stage], output: Path, *, fresh: bool) -> Table:
    """What a run would do and what it would keep."""
    table = Table("stage", "state", "folder", title="Would run")
    for stage in stages:
        done = stage.is_done(output) and not fresh
        table.add_row(stage.title, "done" if done else "to do", str(stage.folder(output)))
    return table


def publish(report: Path, output: Path) -> None:
    """Copy the newest report to where a reader looks first, each file by rename.

    What an earlier report had there and this one has not, such as plots of other windows, is removed.
    """
    files = [path for path in report.rglob("*") if path.is_file()]
    names = sorted(str(file.relative_to(report)) for file in files)
    for name in names:
        target = output / name
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.partial")
        shutil.copyfile(report / name, beside)
        beside.replace(target)
    record = output / PUBLISHED
    for name in set(read_json(record) if record.is_file() else ()) - set(names):
        (output / name).unlink(missing_ok=True)
    write_json(record, names)


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
