"""Runs a search from the command line: the plan, its progress and what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from analysis import searches
from analysis.batch.part import Part
from analysis.commands.explanation import print_explanation
from analysis.commands.findings import print_class_findings, print_findings
from analysis.commands.stage_output import plan_table, publish, run_with_bar
from analysis.commands.wide_table import print_table
from analysis.engine.engines import opened
from analysis.engine.json_file import read_json
from analysis.engine.output_folder import claimed
from analysis.engine.run_log import logged
from analysis.kinds import pipeline_of, rehearsed
from analysis.pipeline import Pipeline
from analysis.stages.explain import EXPLANATION
from errors import MaplessError


@dataclass(frozen=True)
class RunOptions:
    """How to run, as opposed to what; only `max_events` and `unblind` change a result.

    A `part` is one of the trainings.
    """

    output: Path | None = None
    last: str = "report"
    max_events: int | None = None
    threads: int = 2
    engine: str = "local"
    workers: int = 1
    dry_run: bool = False
    fresh: bool = False
    unblind: bool = False
    part: Part = Part()


def run_search(name: str | None, config: Path | None, overrides: Sequence[str], options: RunOptions) -> None:
    """Run a search up to `options.last` and print its findings and where the report lies."""
    console = Console()
    settings = searches.load_any(name, config, tuple(overrides))
    output = options.output or Path("results") / settings.search
    pipeline = pipeline_of(settings, options.unblind, options.max_events)
    if options.part.is_all:
        stages = pipeline.stages(options.last, output)
    elif options.last == "train":
        stages = pipeline.trainings(options.part, output)
    else:
        raise MaplessError(f"--part: jobs share trainings or limits, not {options.last}; leave it out")
    if options.dry_run:
        purposes, complaints = rehearsed(pipeline, stages, output)
        print_table(console, plan_table(stages, output, purposes, fresh=options.fresh))
        _refuse(complaints, console)
        return
    unblinded = ", unblinded" if pipeline.is_data and options.unblind else ""
    what = f"{settings.search} up to {options.last}{unblinded} ({pipeline.report.folder(output).name})"
    engine_of = opened(options.engine, options.workers)
    with claimed(output), logged(output, what), engine_of as engine:
        run_with_bar(stages, output, console, threads=options.threads, engine=engine, fresh=options.fresh)
        if options.last == "explain":
            _explain(stages[-1].folder(output), console, closed=pipeline.is_closed)
        if options.last == "report":
            publish(pipeline.report.folder(output), output)
            printed = print_findings if isinstance(pipeline, Pipeline) else print_class_findings
            printed(output, console, closed=pipeline.is_closed)


def _refuse(complaints: Sequence[str], console: Console) -> None:
    """Print what would fail; raises MaplessError with the number of it, and for nothing says so."""
    if not complaints:
        console.print("Nothing is known that would fail.")
        return
    for complaint in complaints:
        console.print(f"would fail: {complaint}", highlight=False, markup=False, soft_wrap=True)
    raise MaplessError(f"{len(complaints)} of what would fail, above; the first: {complaints[0]}")


def _explain(folder: Path, console: Console, *, closed: bool) -> None:
    if closed:
        console.print("The signal region is closed: nothing that is kept can be explained.")
    elif (folder / EXPLANATION).exists():
        print_explanation(read_json(folder / EXPLANATION), console)
    else:
        console.print("No detector selects events in this search.")
