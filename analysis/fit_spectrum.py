"""`./run_analysis.py fit`: background, p-values, limits and global significance for any spectrum."""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from errors import MaplessError
from fits.background_catalogue import background, background_family
from fits.fit import SpectrumFit, fit_signal
from fits.global_significance import GlobalSignificance, Search, global_significance
from fits.limit_scan import LimitScan, SignalUncertainties, scan_limits
from fits.model_choice import BackgroundChoice, choose_background
from fits.scan import MassScan, scan_masses
from fits.signals import DoubleCrystalBall, SignalShape
from fits.spectrum import Spectrum
from fits.spectrum_files import read_spectrum

Signal = Callable[[float], SignalShape]
Report = Callable[[str, int, int], None]
EXPORTS = ("hepdata", "combine", "hs3")


@dataclass(frozen=True)
class FitSettings:
    """What the command line says about one fit; masses and energies in GeV, luminosity in fb^-1.

    `n_parameters` fixes the number of shape parameters instead of the F-test; `width` is the relative width
    of the signal where no `signal` file gives its shape.
    """

    source: str
    output: Path
    background: str = "dijet"
    n_parameters: int | None = None
    signal: Path | None = None
    width: float = 0.035
    masses: tuple[float, ...] = ()
    mass_range: tuple[float, float] | None = None
    column: str | None = None
    luminosity: float | None = None
    collision_energy: float = 13000.0
    limits: bool = False
    toys: int = 0
    uncertainties: SignalUncertainties = SignalUncertainties()
    exports: tuple[str, ...] = ()
    workers: int = 1
    seed: int = 1
    label: str = "Mapless"


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
    _check(settings)
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


def read_signal(path: Path | None, width: float) -> Signal:
    """Signal shape as a function of the mass in GeV.

    From a JSON file with one double Crystal Ball, scaled to other masses, or with a list of them,
    interpolated; without a file a Gaussian whose relative width is `width`.
    """
    if path is None:
        return partial(_gaussian, width)
    try:
        stored = json.loads(path.read_text())
    except FileNotFoundError:
        raise MaplessError(f"no signal file {path}; check the path") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise MaplessError(f"signal file {path.name} is not JSON: {error}") from None
    if isinstance(stored, list):
        return DoubleCrystalBall.interpolated([DoubleCrystalBall.from_json(one) for one in stored])
    if not isinstance(stored, dict):
        raise MaplessError(f"signal file {path.name} holds neither one shape nor a list of shapes")
    shape = DoubleCrystalBall.from_json(stored)
    if shape.mass is None:
        raise MaplessError(f"signal file {path.name} gives no mass, which scaling to other masses needs")
    return shape.scaled_to


def parse_masses(text: str) -> tuple[float, ...]:
    """Masses of a scan, both ends included.

    >>> parse_masses("1800:2000:100"), parse_masses("3000")
    ((1800.0, 1900.0, 2000.0), (3000.0,))
    """
    try:
        low, high, step = (float(part) for part in text.split(":")) if ":" in text else (float(text),) * 3
    except ValueError:
        raise MaplessError(f"'{text}' is no list of masses; write LOW:HIGH:STEP in GeV") from None
    if not (0 < low <= high and step > 0):
        raise MaplessError(f"'{text}' is no list of masses; write LOW:HIGH:STEP in GeV, rising")
    return tuple((low + step * np.arange(int((high - low) / step + 1e-9) + 1)).tolist())


def parse_range(text: str | None) -> tuple[float, float] | None:
    """Two ends of a mass range in GeV, or None.

    >>> parse_range("1500:8000")
    (1500.0, 8000.0)
    """
    if text is None:
        return None
    try:
        low, high = (float(part) for part in text.split(":"))
    except ValueError:
        raise MaplessError(f"'{text}' is no mass range; write LOW:HIGH in GeV") from None
    return low, high


def parse_uncertainties(text: str | None) -> SignalUncertainties:
    """Relative uncertainties of the signal; all but scale and resolution act on the yield.

    >>> parse_uncertainties("scale=0.02,luminosity=0.016,efficiency=0.1").yields
    (('luminosity', 0.016), ('efficiency', 0.1))
    """
    if text is None:
        return SignalUncertainties()
    try:
        pairs = [part.split("=") for part in text.split(",") if part and part != "none"]
        sizes = {name.strip(): float(size) for name, size in pairs}
    except ValueError:
        raise MaplessError(f"'{text}' are no uncertainties; write scale=0.01,luminosity=0.016") from None
    if any(not 0 <= size < 1 for size in sizes.values()):
        raise MaplessError(f"'{text}': uncertainties are relative, 0.1 for 10 %")
    scale, resolution = sizes.pop("scale", 0.0), sizes.pop("resolution", 0.0)
    return SignalUncertainties(scale, resolution, tuple(sizes.items()))


def _gaussian(width: float, mass: float) -> SignalShape:
    no_tail = 9.0  # standard deviations
    return DoubleCrystalBall(mass, width * mass, no_tail, 2.0, no_tail, 2.0, mass=mass)


def _check(settings: FitSettings) -> None:
    unknown = [name for name in settings.exports if name not in EXPORTS]
    if unknown:
        raise MaplessError(f"no export is called {unknown[0]}; there are {', '.join(EXPORTS)}")
    if not 0 < settings.width < 1:
        raise MaplessError(f"a relative width of {settings.width:g}; give for example 0.035")


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
    return LimitScan(settings.masses, tuple(part.limits[0] for part in parts), choice.fit)


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
