"""Runs a search from the command line: the plan, its progress and what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from analysis import searches
from analysis.batch.part import Part
from analysis.commands.explanation import print_explanation
from analysis.commands.numbers import global_words, number
from analysis.commands.stage_output import plan_table, publish, run_with_bar
from analysis.commands.wide_table import print_table
from analysis.engine.engines import opened
from analysis.engine.json_file import read_json
from analysis.engine.output_folder import claimed
from analysis.engine.provenance import peak_memory
from analysis.engine.run_log import logged
from analysis.pipeline import Pipeline
from analysis.rehearsal import complaints, purposes
from analysis.stages.explain import EXPLANATION
from errors import MaplessError
from fits.checks.fit_quality import flag


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
    settings = searches.load(name, config, tuple(overrides))
    output = options.output or Path("results") / settings.search
    pipeline = Pipeline(settings, options.unblind, options.max_events)
    if options.part.is_all:
        stages = pipeline.stages(options.last, output)
    elif options.last == "train":
        stages = pipeline.trainings(options.part, output)
    else:
        raise MaplessError(f"--part: jobs share trainings or limits, not {options.last}; leave it out")
    if options.dry_run:
        planned = plan_table(stages, output, purposes(pipeline, stages), fresh=options.fresh)
        print_table(console, planned)
        _refuse(complaints(pipeline, stages, output), console)
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
            _print_findings(output, console, closed=pipeline.is_closed)


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


def _print_findings(output: Path, console: Console, *, closed: bool) -> None:
    results = read_json(output / "results.json")
    _print_warnings(results["cutflow"], console)
    if closed:
        console.print(f"The signal region is closed; closure test {_closure_state(results['closure'])}.")
        console.print(f"Report: [bold]{output / 'report.html'}[/]")
        return
    _print_fits(results["fits"], console)
    everywhere = results["summary"]["global"]
    if everywhere:
        console.print(
            f"Global significance over all masses and hunts: {global_words(everywhere)}"
            f"{_flag_of_smallest(results['summary']['smallest'])}",
            soft_wrap=True,
        )
    console.print(f"Report: [bold]{output / 'report.html'}[/]   peak memory {peak_memory():.1f} GB")


def _print_warnings(cutflows: dict[str, Any], console: Console) -> None:
    for flow in cutflows.values():
        for warning in flow["warnings"]:
            console.print(f"[bold]Warning:[/] {flow['sample']}, region {flow['region']}: {warning}")


def _print_fits(fits: dict[str, Any], console: Console) -> None:
    """The largest excess of each fit, and why there is none."""
    names = ("fit", "events", "largest excess at", "local p", "local significance")
    table = Table(*names, title="Local p-values")
    reasons = []
    for name, fit in fits.items():
        for part in fit["parts"]:
            if "search" not in part["purposes"]:
                continue
            events = sum(category["n_events"] for category in part["counts"].values())
            title = name if fit["hunt"] is None or len(fit["parts"]) == 1 else f"{name}, {part['name']}"
            table.add_row(title, f"{events:,}", *_excess_cells(part["search"]["scan"]["points"]))
            if "error" in part["search"]:
                reasons.append(f"{title}: {part['search']['error']}")
    print_table(console, table)
    for reason in reasons:
        console.print(f"[red]{reason}[/]", highlight=False)


def _closure_state(checks: list[dict[str, Any]]) -> str:
    if not checks:
        return "missing: name simulation under closure"
    failed = [check["name"] for check in checks if not check["passed"]]
    return f"failed: {', '.join(failed)}" if failed else "passed: --unblind opens the region"


def _flag_of_smallest(points: list[dict[str, Any]]) -> str:
    """The flag of the point that a global significance belongs to."""
    good = [point for point in points if point["local_p_value"] is not None]
    return flag(min(good, key=lambda point: point["local_p_value"])["quality"]) if good else ""


def _excess_cells(points: list[dict[str, Any]]) -> tuple[str, str, str]:
    good = [point for point in points if point["significance"] is not None]
    if not good:
        return "–", "–", "no fit"
    largest = max(good, key=lambda point: point["significance"])
    if largest["significance"] == 0:
        return "–", "–", "no excess"
    p_value, significance = number(largest["local_p_value"], ".2g"), number(largest["significance"], ".2f")
    return f"{largest['mass']:.0f} GeV", p_value, f"{significance} σ{flag(largest['quality'])}"
