"""Runs a search from the command line: the plan, its progress and what was found."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from analysis import searches
from analysis.closure import largest_excess
from analysis.configuration import load_configuration
from analysis.pipeline import Pipeline, RunOptions
from analysis.provenance import peak_memory
from analysis.stages import Stage, read_manifest, run_stage
from errors import MaplessError
from models.detector import Progress as TrainingProgress


def run_search(name: str, config: Path | None, overrides: Sequence[str], options: RunOptions) -> None:
    """Run a search up to `options.last_stage` and print its findings and where the report lies."""
    console = Console()
    search = searches.get(name)
    configuration = load_configuration(config or search.configuration, tuple(overrides))
    with training_bar(console) as progress:
        stages = Pipeline(search, configuration, options, progress).stages()
        if options.dry_run:
            console.print(plan_table(stages, options.output, fresh=options.fresh))
            return
        run_stages(stages, options.output, console, fresh=options.fresh)
    if options.last_stage == "report":
        publish(stages[-1].folder(options.output), options.output)
        _print_findings(options.output, console)


@contextmanager
def training_bar(console: Console) -> Iterator[TrainingProgress]:
    """Give a callback that shows a bar from its first call to its last; the event loop has its own."""
    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task("training")

    def progress(done: int, total: int) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)
        if done == total:
            bar.stop()

    try:
        yield progress
    finally:
        bar.stop()


def run_stages(stages: Sequence[Stage], output: Path, console: Console, *, fresh: bool) -> None:
    """Run stages one after the other and print how long each took; MaplessError when interrupted."""
    try:
        for stage in stages:
            console.print(_run(stage, output, fresh))
    except KeyboardInterrupt:
        raise MaplessError("interrupted; finished stages are kept, run again to go on") from None


def _run(stage: Stage, output: Path, fresh: bool) -> str:
    kept = stage.is_done(output) and not fresh
    seconds = read_manifest(run_stage(stage, output, fresh=fresh))["seconds"]
    return f"[bold]{stage.name:20}[/] " + ("kept from an earlier run" if kept else f"{seconds:6.1f} s")


def plan_table(stages: Sequence[Stage], output: Path, *, fresh: bool) -> Table:
    """What a run would do and what it would keep."""
    table = Table("stage", "state", "folder", title="Would run")
    for stage in stages:
        done = stage.is_done(output) and not fresh
        table.add_row(stage.name, "done" if done else "to do", str(stage.folder(output)))
    return table


def publish(report: Path, output: Path) -> None:
    """Copy the newest report to where a reader looks first, each file by rename."""
    for file in sorted(path for path in report.rglob("*") if path.is_file()):
        target = output / file.relative_to(report)
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.partial")
        shutil.copyfile(file, beside)
        beside.replace(target)


def _print_findings(output: Path, console: Console) -> None:
    results = json.loads((output / "results.json").read_text())
    if not results["spectra"]:
        console.print(f"The signal region is closed; closure test {_closure_state(results['closure'])}.")
        console.print(f"Report: [bold]{output / 'report.html'}[/]")
        return
    table = Table("events", "kept", "largest excess at", "local significance", title="Local p-value scan")
    for name, spectrum in results["spectra"].items():
        excess = largest_excess({name: spectrum})
        table.add_row(name, f"{spectrum['n_events']:,}", *_excess_cells(excess))
    console.print(table)
    console.print(f"Report: [bold]{output / 'report.html'}[/]   peak memory {peak_memory():.1f} GB")


def _closure_state(checks: list[dict[str, Any]]) -> str:
    if not checks:
        return "missing: name simulation under closure"
    failed = [check["name"] for check in checks if not check["passed"]]
    return f"failed: {', '.join(failed)}" if failed else "passed: --unblind opens the region"


def _excess_cells(excess: dict[str, Any]) -> tuple[str, str]:
    if excess["mass"] is None:
        return "–", "no fit converged"
    return f"{excess['mass']:.0f} GeV", f"{excess['significance']:.2f} σ"
