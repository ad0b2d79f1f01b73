"""`./run_analysis.py fit`: background, p-values, limits and global significance for any spectrum."""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from analysis.fit_options import FitSettings, Signal, read_signal
from fits.background_choice.model_choice import BackgroundChoice, choose_background
from fits.backgrounds.catalogue import background, background_family
from fits.fit import SpectrumFit, fit_signal
from fits.limits.mass_scan import LimitScan, SignalUncertainties, scan_limits
from fits.significance.global_significance import GlobalSignificance, Search, global_significance
from fits.significance.mass_scan import MassScan, scan_masses
from fits.sources.files import read_spectrum
from fits.spectrum import Spectrum

Report = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class SpectrumResults:
    """Everything that was found in one spectrum; what was not asked for is None."""

    spectrum: Spectrum
    signal: Signal
    choice: BackgroundChoice
    scan: MassScan
    with_signal: SpectrumFit | None
    limits: LimitScan | None = None
    global_significance: GlobalSignificance | None = None


def fit_spectrum(settings: FitSettings) -> SpectrumResults:
    """Fit and scan a spectrum, print what was found and write tables, plots and exports into the output."""
    from analysis.fit_output import print_results, write_results

    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    console = Console()
    with _bars(console) as report:
        results = analyse(settings, report)
        write_results(results, settings, report)
    print_results(results, settings, console)
    return results


def analyse(settings: FitSettings, report: Report = lambda *_: None) -> SpectrumResults:
    """Read a spectrum and run all fits that the settings ask for.

    `report(what, done, total)` hears of progress. Raises MaplessError for a bad spectrum, signal or mass, and
    if no background fit converges.
    """
    spectrum = read_spectrum(
        settings.source,
        mass_range=settings.mass_range,
        column=settings.column,
        luminosity=settings.luminosity,
    )
    signal = read_signal(settings.signal, settings.width)
    choice = choose_background(spectrum, family=_family(settings))
    scan = scan_masses(spectrum, choice.background, signal, settings.masses)
    limits = _limits(spectrum, choice, signal, settings, report) if settings.limits else None
    everywhere = _global(scan, signal, settings) if settings.toys else None
    return SpectrumResults(spectrum, signal, choice, scan, _largest_excess(scan, signal), limits, everywhere)


def _family(settings: FitSettings) -> tuple[Any, ...]:
    if settings.n_parameters is None:
        return background_family(settings.background, settings.collision_energy)
    return (background(settings.background, settings.n_parameters, settings.collision_energy),)


def _largest_excess(scan: MassScan, signal: Signal) -> SpectrumFit | None:
    """The fit with signal where the excess is largest."""
    if not any(point.significance for point in scan.points):
        return None
    return fit_signal(scan.null, signal(scan.most_significant.mass))


def _limits(
    spectrum: Spectrum, choice: BackgroundChoice, signal: Signal, settings: FitSettings, report: Report
) -> LimitScan:
    one = partial(_limit, spectrum, choice, signal, settings.uncertainties)
    parts = list(_in_parallel(one, settings.masses, settings.workers, partial(report, "limits")))
    return LimitScan(settings.masses, tuple(part.limits[0] for part in parts))


def _limit(
    spectrum: Spectrum,
    choice: BackgroundChoice,
    signal: Signal,
    uncertainties: SignalUncertainties,
    mass: float,
) -> LimitScan:
    return scan_limits(spectrum, choice.background, signal, [mass], uncertainties=uncertainties)


def _global(scan: MassScan, signal: Signal, settings: FitSettings) -> GlobalSignificance:
    search = Search(scan.null, tuple(signal(mass) for mass in settings.masses))
    return global_significance([search], settings.toys, np.random.default_rng(settings.seed))


def _in_parallel(
    function: Callable[[float], Any],
    values: Sequence[float],
    workers: int,
    report: Callable[[int, int], None],
) -> Iterator[Any]:
    """Results in the order of the values, from so many processes."""
    with ProcessPoolExecutor(workers) as pool:
        answers = pool.map(function, values) if workers > 1 else map(function, values)
        for done, answer in enumerate(answers, start=1):
            report(done, len(values))
            yield answer


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
