"""Runs the limits of a search from the command line: rounds of injections, progress, and the table."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from analysis import searches
from analysis.batch.part import Part
from analysis.commands.numbers import number
from analysis.commands.simulate import counter, progress_bar
from analysis.commands.stage_output import publish, run_with_bar
from analysis.commands.wide_table import print_table
from analysis.engine.engines import opened
from analysis.engine.output_folder import claimed
from analysis.engine.stage import Stage
from analysis.limit_search import LimitSearch
from analysis.own_signal import with_own_signal
from analysis.report.limit_report import read_rows
from analysis.search_settings import SearchSettings

SIGNALS = "signals"
"""Where events of a card are kept, below the folder of the results."""
FOLDER = "limits"
"""Where the tables are put, below the folder of the results."""


@dataclass(frozen=True)
class OwnSignal:
    """A file with events of a signal or a card, the mass of its resonance (GeV), and how many to simulate."""

    path: Path
    mass: float | None
    n_events: int


@dataclass(frozen=True)
class LimitOptions:
    """How to run, as opposed to what; `part` as "2/5"."""

    output: Path | None = None
    part: str = "1/1"
    own: OwnSignal | None = None
    threads: int = 2
    engine: str = "local"
    workers: int = 1
    fresh: bool = False
    unblind: bool = False


def find_limits(
    name: str | None, config: Path | None, overrides: Sequence[str], options: LimitOptions
) -> None:
    """Measure limits in rounds and print them and where the report lies."""
    console = Console()
    settings = searches.load(name, config, tuple(overrides))
    output = options.output or Path("results") / settings.search
    part = Part.read(options.part)
    done: set[str] = set()

    def run(stages: Sequence[Stage]) -> None:
        new = [stage for stage in stages if stage.key not in done]
        run_with_bar(new, output, console, threads=options.threads, engine=engine, fresh=options.fresh)
        done.update(stage.key for stage in new)

    with claimed(output), opened(options.engine, options.workers) as engine:
        if options.own:
            settings = _with_own(settings, options.own, output / SIGNALS, options.workers, console)
        tables = LimitSearch(settings, options.unblind, part).run(output, run)
        (output / FOLDER).mkdir(exist_ok=True)
        publish(tables.folder(output), output / FOLDER)
    print_table(console, _table(output / FOLDER))
    console.print(f"Report: [bold]{output / FOLDER / 'report.html'}[/]")


def _with_own(
    settings: SearchSettings, own: OwnSignal, folder: Path, workers: int, console: Console
) -> SearchSettings:
    with progress_bar(console) as bar:
        return with_own_signal(
            settings, own.path, own.mass, own.n_events, folder, workers, lambda name: counter(bar, name)
        )


def _table(folder: Path) -> Table:
    names = ("signal", "daughters", "method", "expected (observed)", "improvement", "3 σ at", "5 σ at")
    table = Table(*names, title="Limits on cross sections in fb")
    for row in read_rows(folder):
        limit = f"{number(row.median, '.3g')} ({number(row.observed, '.3g')})"
        reach = (number(value, ".3g") for value in row.reach)
        head = (f"{row.signal.title}, {row.mass / 1000:g} TeV", row.signal.daughters or "–", row.method)
        table.add_row(*head, limit, number(row.improvement, ".2f"), *reach)
    return table
