"""`./run_analysis.py fit`: background, p-values, limits and global significance for any spectra."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from analysis.fit_categories import FittedCategory, fit_categories, search_model
from analysis.fit_options import FitSettings, Signal, read_signal
from fits.fit import SpectrumFit, fit_signal
from fits.limits.asymptotic import UpperLimit, upper_limit
from fits.limits.mass_scan import LimitScan, SignalUncertainties
from fits.parallel import in_parallel
from fits.results import FitStatus
from fits.search_model import SearchModel
from fits.significance.asymptotic import Significance, expected_significance
from fits.significance.category_scan import CategoryScan, category_fits, scan_categories
from fits.significance.category_search import CategorySearch
from fits.significance.global_significance import GlobalSignificance, Search, global_significance
from fits.significance.mass_scan import MassScan

Report = Callable[[str, int, int], None]
ModelOfMass = Callable[[float], SearchModel]
_WITHOUT = SignalUncertainties(0.0, 0.0, ())


@dataclass(frozen=True, eq=False)
class SpectrumResults:
    """Everything that was found in one or several spectra; what was not asked for is None.

    `scan` is that of all categories together, and `with_signal` the fit where its excess is largest, as seen
    in each category. `expected` are expected significances, one per mass.
    """

    categories: tuple[FittedCategory, ...]
    signal: Signal
    scan: MassScan | CategoryScan
    with_signal: Mapping[str, SpectrumFit] = field(default_factory=dict)
    limits: LimitScan | None = None
    expected: tuple[Significance, ...] | None = None
    global_significance: GlobalSignificance | None = None


def fit_spectrum(settings: FitSettings) -> SpectrumResults:
    """Fit and scan spectra, print what was found and write tables, plots and exports into the output."""
    from analysis.fit_output import write_results
    from analysis.fit_tables import print_results

    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    console = Console()
    with _bars(console) as report:
        results = analyse(settings, report)
        write_results(results, settings, report)
    print_results(results, settings, console)
    return results


def analyse(settings: FitSettings, report: Report = lambda *_: None) -> SpectrumResults:
    """Read spectra and run all fits that the settings ask for.

    p-values are those of the signal exactly as given; its uncertainties act on limits and expected
    significances. `report(what, done, total)` hears of progress. Raises MaplessError for bad spectra, signal,
    masses or shares, and if no background fit converges.
    """
    signal = read_signal(settings.signal, settings.width)
    categories = fit_categories(settings, signal)
    plain = partial(search_model, categories, signal, _WITHOUT)
    uncertain = partial(search_model, categories, signal, settings.uncertainties)
    scan = categories[0].scan if len(categories) == 1 else scan_categories(plain, settings.masses)
    limits, expected = _limits(uncertain, settings, report)
    everywhere = _global(scan, categories, signal, settings, report) if settings.toys else None
    with_signal = _largest_excess(scan, plain, signal)
    return SpectrumResults(categories, signal, scan, with_signal, limits, expected, everywhere)


def _largest_excess(
    scan: MassScan | CategoryScan, plain: ModelOfMass, signal: Signal
) -> dict[str, SpectrumFit]:
    """The fit with signal where the excess is largest, for each spectrum."""
    if not any(point.significance for point in scan.points):
        return {}
    mass = scan.most_significant.mass
    if isinstance(scan, MassScan):
        (category,) = plain(mass).categories
        return {category.name: fit_signal(scan.null, signal(mass))}
    return category_fits(plain(mass), plain(mass).profile_likelihood().fit())


def _limits(
    uncertain: ModelOfMass, settings: FitSettings, report: Report
) -> tuple[LimitScan | None, tuple[Significance, ...] | None]:
    """Limits, if asked for, and expected significances, if there is a signal to expect."""
    if not settings.limits and settings.expected_signal is None:
        return None, None
    one = partial(_limit, uncertain, settings.limits, settings.expected_signal)
    pairs = list(in_parallel(one, settings.masses, settings.workers, partial(report, "limits")))
    limits = tuple(limit for limit, _ in pairs if limit is not None)
    scan = LimitScan(settings.masses, limits) if settings.limits else None
    return scan, tuple(significance for _, significance in pairs)


def _limit(
    uncertain: ModelOfMass, wanted: bool, events: float | None, mass: float
) -> tuple[UpperLimit | None, Significance]:
    """Limit at a mass, and the expected significance of a signal of so many events or of the median limit."""
    profile = uncertain(mass).profile_likelihood()
    limit = upper_limit(profile) if wanted else None
    events = limit.median if events is None and limit else events
    if events is None:
        return limit, Significance(FitStatus.NOT_CONVERGED)
    return limit, expected_significance(profile, events)


def _global(
    scan: MassScan | CategoryScan,
    categories: tuple[FittedCategory, ...],
    signal: Signal,
    settings: FitSettings,
    report: Report,
) -> GlobalSignificance:
    shapes = tuple(signal(mass) for mass in settings.masses)
    shares = tuple(category.share for category in categories)
    several = isinstance(scan, CategoryScan)
    nulls = tuple(scan.nulls.values())
    search = CategorySearch(nulls, shares, shapes) if several else Search(nulls[0], shapes)
    rng, hear = np.random.default_rng(settings.seed), partial(report, "toys")
    return global_significance([search], settings.toys, rng, workers=settings.workers, report=hear)


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
