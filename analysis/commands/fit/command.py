"""Reads spectra, searches them for a resonance, writes and prints what was found."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from analysis.commands.fit.inputs import read_categories, read_signal
from analysis.commands.fit.options import FitOptions
from analysis.commands.fit.output import write_results
from analysis.commands.fit.tables import print_results
from analysis.engine.output_folder import claimed
from fits.mass_points import masses_with_room
from fits.plots.math_text import require_drawable
from fits.resonance_search import Report, search_for_resonance


def fit_spectra(options: FitOptions) -> None:
    """Fit and scan spectra, print what was found and write tables, plots and exports into the output."""
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    console = Console()
    require_drawable(f"--label {options.label}")
    signal, categories = read_signal(options.signal, options.width), read_categories(options)
    spectra = [category.spectrum for category in categories]
    masses = options.masses or masses_with_room(spectra, options.width)
    settings = options.settings(masses)
    with claimed(options.output), _bars(console) as report:
        results = search_for_resonance(categories, signal, settings, report)
        stored = write_results(results, options, report)
    print_results(stored, console)
    console.print(f"Results: [bold]{options.output / 'results.json'}[/], plots beside it")


@contextmanager
def _bars(console: Console) -> Iterator[Report]:
    """Callback that shows one bar for each kind of work, on a terminal only."""
    columns = (TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def report(what: str, done: int, total: int) -> None:
            task = tasks[what] if what in tasks else tasks.setdefault(what, bars.add_task(what, total=total))
            bars.update(task, completed=done)

        yield report
