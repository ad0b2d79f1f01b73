"""The one way from spectra to a result: background, p-values, limits, global significance and checks.

>>> import numpy as np
>>> from fits.backgrounds import Dijet, expected_counts
>>> from fits.signals import GaussianSignal
>>> from fits.spectrum import Spectrum
>>> edges = np.arange(1500.0, 5001.0, 50.0)
>>> signal = GaussianSignal(0.035)
>>> falling = expected_counts(Dijet(2), [np.log(1e-3), 9.0, 6.0], edges)
>>> spectrum = Spectrum(edges, np.round(falling + 200 * signal(3000).bin_fractions(edges)))
>>> settings = ResonanceSettings(masses=(2500.0, 3000.0, 3500.0), background=Smooth(parameters=(2,)))
>>> found = search_for_resonance([ResonanceCategory("all", spectrum)], signal, settings)
>>> found.scan.most_significant.mass, round(found.scan.most_significant.signal_yield, -2)
(3000.0, 200.0)
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from errors import MaplessError
from fits.background_choice.smooth import Smooth
from fits.fit import SpectrumFit, fit_signal
from fits.limits.asymptotic import UpperLimit, upper_limit
from fits.limits.mass_scan import LimitScan
from fits.parallel import in_parallel
from fits.resonance_categories import (
    NO_UNCERTAINTIES,
    FittedCategory,
    ResonanceCategory,
    category_uncertainties,
    check_categories,
    fit_category,
    search_model,
)
from fits.resonance_checks import Found, run_checks
from fits.resonance_results import ResonanceResults
from fits.resonance_settings import ResonanceSettings
from fits.results import FitStatus
from fits.search_model import SearchModel
from fits.signals import SignalOfMass
from fits.significance.asymptotic import Significance, expected_significance
from fits.significance.category_scan import CategoryScan, category_fits, scan_categories
from fits.significance.category_search import CategorySearch
from fits.significance.global_significance import GlobalSignificance, SpectrumSearch, global_significance
from fits.significance.mass_scan import MassScan

__all__ = [
    "ResonanceCategory",
    "ResonanceResults",
    "ResonanceSettings",
    "Smooth",
    "search_for_resonance",
    "tested_search",
]

Report = Callable[[str, int, int], None]
ModelOfMass = Callable[[float], SearchModel]


def search_for_resonance(
    categories: Sequence[ResonanceCategory],
    signal: SignalOfMass,
    settings: ResonanceSettings,
    report: Report = lambda what, done, total: None,
) -> ResonanceResults:
    """Run all fits that the settings ask for, of one spectrum or of several with a common signal.

    Each background is fitted once. Unless `uncertain_p_values` are wanted, p-values are those of the signal
    exactly as given; its uncertainties act on limits and expected significances. `signal` is a function of
    mass (GeV), picklable for more than one worker. `report(what, done, total)` hears of progress. Raises
    MaplessError for bad spectra, signal, masses or shares, and if no background fit converges.
    """
    check_categories(categories, settings.uncertainties)
    one = len(categories) == 1
    if one and "compatibility" in settings.checks:
        raise MaplessError("compatibility is that of several categories; give more spectra or leave it out")
    fitted = tuple(fit_category(category, signal, settings, alone=one) for category in categories)
    uncertain = partial(search_model, fitted, signal, settings.uncertainties)
    plain = partial(search_model, fitted, signal, NO_UNCERTAINTIES)
    model = uncertain if settings.uncertain_p_values else plain
    scan = fitted[0].scan if one else scan_categories(model, settings.masses)
    limits, expected = _limits(uncertain, settings, report)
    found = Found(settings, fitted, signal, scan)
    return ResonanceResults(
        settings,
        fitted,
        signal,
        scan,
        _largest_excess(scan, model, signal, settings),
        limits,
        expected,
        _global(fitted, signal, settings, report) if settings.toys else None,
        run_checks(found, partial(report, "checks")),
    )


def tested_search(
    fitted: Sequence[FittedCategory], signal: SignalOfMass, masses: Sequence[float]
) -> SpectrumSearch | CategorySearch:
    """What toys are fitted with: these categories with their backgrounds, and the signals at all masses."""
    shapes = tuple(signal(mass) for mass in masses)
    if len(fitted) == 1:
        return SpectrumSearch(fitted[0].null, shapes)
    nulls, shares = zip(*((category.null, category.share) for category in fitted), strict=True)
    return CategorySearch(nulls, shares, shapes)


def _largest_excess(
    scan: MassScan | CategoryScan, model: ModelOfMass, signal: SignalOfMass, settings: ResonanceSettings
) -> Mapping[str, SpectrumFit]:
    """The fit with signal where the excess is largest, as seen in each category."""
    if not any(point.significance for point in scan.points):
        return {}
    mass = scan.most_significant.mass
    if isinstance(scan, CategoryScan):
        return category_fits(model(mass), model(mass).profile_likelihood().fit())
    (category,) = model(mass).categories
    if not settings.uncertain_p_values:
        return {category.name: fit_signal(scan.null, signal(mass))}
    used = category_uncertainties(settings.uncertainties, category.name)
    return {category.name: fit_signal(scan.null, used.apply(category.spectrum, signal(mass)))}


def _limits(
    uncertain: ModelOfMass, settings: ResonanceSettings, report: Report
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
    fitted: Sequence[FittedCategory], signal: SignalOfMass, settings: ResonanceSettings, report: Report
) -> GlobalSignificance:
    return global_significance(
        [tested_search(fitted, signal, settings.masses)],
        settings.toys,
        np.random.default_rng(settings.seed),
        workers=settings.workers,
        report=partial(report, "toys"),
    )
