"""Fits of a dijet spectrum of 1,662 bins with this package, zfit, RooFit and iminuit, in one run.

Every engine fits the same toys; times are medians per fit after one warm-up. The last column evaluates the
minimum that an engine found in the likelihood of this package: how far above ours it lies. The last table is
what a search needs from this package: limits and global significance, beside what they may cost.
Run: python -m tests.benchmarks.fits
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from fits.backgrounds import Dijet, expected_counts
from fits.fit import fit_background, fit_signal
from fits.likelihood.profile import ProfileLikelihood
from fits.likelihood.signal_term import Effect
from fits.limits.asymptotic import LimitStatus, upper_limit
from fits.limits.mass_scan import SignalUncertainties
from fits.limits.toy_limits import toy_upper_limit
from fits.many_fits import fit_many, fit_many_signals
from fits.search_model import Process, SearchCategory, SearchModel
from fits.significance.global_significance import SpectrumSearch, global_significance
from fits.spectrum import Spectrum
from fits.toys import poisson_toys
from tests.benchmarks.fit_engines import (
    EDGES,
    N_EVENTS,
    SIGNAL,
    TRUTH,
    Fit,
    ours_light,
    ours_zfit,
    plain_iminuit,
    roofit,
    stock_zfit,
)

N_TOYS = 5
CENTRES = ("RooFit", "iminuit on numpy")  # engines that take the function at bin centres
COARSE = np.arange(1400.0, 8001.0, 100.0)
MASSES = np.arange(1800.0, 6000.0, 100.0)
EFFECTS = {
    "mass_scale": Effect(mean=0.01),
    "mass_resolution": Effect(width=0.035),
    "luminosity": Effect(1.016),
    "efficiency": Effect(1.1),
}


@dataclass
class Timing:
    """Median times per fit in ms, largest 2 (NLL - our NLL) over the toys, and fits that say they failed."""

    engine: str
    cpu: float
    wall: float
    above: float | None
    failed: int = 0


@dataclass
class Task:
    """Processor time in s of something a search does, and the most it may take."""

    name: str
    cpu: float
    allowed: float


def measure(engine: str, fit: Fit, spectra: list[Spectrum], with_signal: bool) -> Timing:
    """Time one engine on all spectra."""
    fit(spectra[0])
    cpu, wall, above = [], [], []
    for spectrum in spectra:
        begin = time.process_time(), time.perf_counter()
        found = fit(spectrum)
        cpu.append(time.process_time() - begin[0])
        wall.append(time.perf_counter() - begin[1])
        if found is not None:
            above.append(height(spectrum, found, centres=engine in CENTRES, with_signal=with_signal))
    return Timing(engine, 1e3 * np.median(cpu), 1e3 * np.median(wall), max(above), len(spectra) - len(above))


def height(spectrum: Spectrum, found: dict[str, float], centres: bool, with_signal: bool) -> float:
    """2 (NLL - our NLL) of a minimum, with the normalisation of the background as the engine left it."""
    null = fit_background(spectrum, Dijet(3), n_nodes=1 if centres else None)
    ours = fit_signal(null, SIGNAL) if with_signal else null
    value = ours.likelihood.value(ours.likelihood.internal(np.array([found[n] for n in ours.result.names])))
    return 2 * (value - ours.result.nll)


def measure_toys(with_signal: bool, n_toys: int = 1000) -> Timing:
    """Fits of many toys at once, per toy."""
    fit = fit_background(Spectrum(EDGES, np.round(expected())), Dijet(3))
    toys = poisson_toys(fit.expected_background(), n_toys, np.random.default_rng(2))
    fit_many(fit, toys[:10])
    begin = time.process_time(), time.perf_counter()
    many = fit_many_signals(fit, toys, [SIGNAL]) if with_signal else fit_many(fit, toys)
    cpu, wall = time.process_time() - begin[0], time.perf_counter() - begin[1]
    null = fit_background(Spectrum(EDGES, toys[0]), Dijet(3))
    ours = (fit_signal(null, SIGNAL) if with_signal else null).result.nll
    failed = int(np.count_nonzero(~many.converged))
    above = 2 * (float(np.ravel(many.nll)[0]) - ours)
    return Timing("many toys together", 1e3 * cpu / n_toys, 1e3 * wall / n_toys, above, failed)


def expected() -> np.ndarray:
    """Background events (n_bins,)."""
    shape = expected_counts(Dijet(3), TRUTH, EDGES)
    return N_EVENTS * shape / shape.sum()


def limits_of_one_category(spectra: list[Spectrum]) -> None:
    """Observed and expected CLs limits, the background-only fit included."""
    null = fit_background(spectra[0], Dijet(3))
    term = SignalUncertainties(yields=(("luminosity", 0.016), ("efficiency", 0.1))).apply(spectra[0], SIGNAL)
    profile = ProfileLikelihood(fit_signal(null, term).likelihood, null.result.parameters)
    assert upper_limit(profile).status == LimitStatus.GOOD


def limits_of_three_categories(spectra: list[Spectrum]) -> None:
    """The same for three spectra with one signal strength."""
    categories = [
        SearchCategory(f"category{place}", spectrum, Process(SIGNAL, 100.0, EFFECTS), Dijet(3))
        for place, spectrum in enumerate(spectra[:3])
    ]
    assert upper_limit(SearchModel(categories).profile_likelihood()).status == LimitStatus.GOOD


def toy_limits(spectra: list[Spectrum]) -> None:
    """CLs limits with band from 400 toys per point, auxiliary measurements resampled, in 100 GeV bins."""
    expectation = expected_counts(Dijet(3), TRUTH, COARSE)
    toy = poisson_toys(1e3 * expectation / expectation.sum(), 1, np.random.default_rng(4))[0]
    category = SearchCategory("one", Spectrum(COARSE, toy), Process(SIGNAL, 10.0, EFFECTS), Dijet(2))
    limit = toy_upper_limit(SearchModel([category]).profile_likelihood(), 400, np.random.default_rng(5))
    assert limit.status == LimitStatus.GOOD


def scan_with_global_toys(spectra: list[Spectrum]) -> None:
    """Every toy: background-only fit, and a fit with signal at every mass."""
    signals = tuple(SIGNAL.scaled_to(mass) for mass in MASSES)
    search = SpectrumSearch(fit_background(spectra[0], Dijet(3)), signals)
    assert global_significance([search], 1000, np.random.default_rng(3)).n_failed == 0


def measure_task(
    name: str, task: Callable[[list[Spectrum]], None], spectra: list[Spectrum], allowed: float
) -> Task:
    """Processor time of one run."""
    begin = time.process_time()
    task(spectra)
    return Task(name, time.process_time() - begin, allowed)


def report(title: str, timings: list[Timing], console: Console) -> None:
    """Print a table; ratios are to the first row."""
    table = Table(title=title)
    for column in ("engine", "CPU ms", "wall ms", "CPU / ours", "2 (NLL - ours)", "failed"):
        table.add_column(column, justify="left" if column == "engine" else "right")
    for timing in timings:
        ratio = timing.cpu / timings[0].cpu
        above = "-" if timing.above is None else f"{timing.above:.1e}"
        table.add_row(
            timing.engine,
            f"{timing.cpu:.2f}",
            f"{timing.wall:.2f}",
            f"{ratio:.2f}",
            above,
            str(timing.failed),
        )
    console.print(table)


def report_tasks(tasks: list[Task], console: Console) -> None:
    """Print a table."""
    table = Table(title="A search with this package, 1,662 bins (from toys 66)")
    for column in ("what", "CPU s", "may take"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for task in tasks:
        table.add_row(task.name, f"{task.cpu:.2f}", f"{task.allowed:g}")
    console.print(table)


def main() -> None:
    """Run everything and print three tables."""
    rng = np.random.default_rng(1)
    spectra = [Spectrum(EDGES, toy) for toy in poisson_toys(expected(), N_TOYS, rng)]
    console = Console(width=100)
    alone = [
        measure("this package", ours_light(False), spectra, False),
        measure_toys(False),
        measure("this package, zfit result", ours_zfit(spectra), spectra, False),
        measure("iminuit on numpy", plain_iminuit(False), spectra, False),
        measure("RooFit", roofit(False), spectra, False),
        measure("zfit", stock_zfit(False), spectra, False),
    ]
    report(f"Background-only fit, {len(EDGES) - 1} bins, {N_EVENTS:g} events", alone, console)
    both = [
        measure("this package (both fits)", ours_light(True), spectra, True),
        measure_toys(True),
        measure("iminuit on numpy", plain_iminuit(True), spectra, True),
        measure("RooFit", roofit(True), spectra, True),
        measure("zfit", stock_zfit(True), spectra, True),
    ]
    report("Fit with signal of free yield", both, console)
    tasks = [
        measure_task("CLs limits with band, 4 nuisances", limits_of_one_category, spectra, 0.3),
        measure_task("the same for 3 categories", limits_of_three_categories, spectra, 0.6),
        measure_task("CLs limits from 400 toys per point, 4 nuisances", toy_limits, spectra, 5),
        measure_task(f"{len(MASSES)} masses, 1000 global toys", scan_with_global_toys, spectra, 300),
    ]
    report_tasks(tasks, console)


if __name__ == "__main__":
    main()
