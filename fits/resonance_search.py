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
from typing import Any

import numpy as np

from errors import MaplessError
from fits.background_choice.smooth import Smooth
from fits.backgrounds.catalogue import background_from_json
from fits.fit import SpectrumFit, fit_background, fit_signal
from fits.limits.mass_scan import LimitScan, scan_limits
from fits.parallel import in_parallel
from fits.resonance_categories import (
    NO_UNCERTAINTIES,
    FittedCategory,
    Found,
    ResonanceCategory,
    category_uncertainties,
    check_categories,
    fit_category,
    search_model,
)
from fits.resonance_checks import run_checks
from fits.resonance_results import ResonanceResults
from fits.resonance_settings import ResonanceSettings
from fits.results import FitStatus
from fits.search_model import SearchModel
from fits.signals import SignalOfMass, signal_from_json
from fits.significance.asymptotic import Significance, expected_significance
from fits.significance.category_scan import CategoryScan, category_fits, scan_categories
from fits.significance.category_search import CategorySearch
from fits.significance.global_significance import GlobalSignificance, SpectrumSearch, global_significance
from fits.significance.mass_scan import MassScan
from fits.spectrum import Spectrum

__all__ = [
    "ResonanceCategory",
    "ResonanceResults",
    "ResonanceSettings",
    "Smooth",
    "search_for_resonance",
    "toy_search_from_json",
    "toy_search",
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
    limits = None
    if settings.limits:
        hear = partial(report, "limits")
        limits = scan_limits(
            uncertain,
            settings.masses,
            n_toys=settings.limit_toys,
            seed=settings.seed,
            workers=settings.workers,
            report=hear,
        )
    found = Found(settings, fitted, signal, scan)
    return ResonanceResults(
        settings,
        fitted,
        signal,
        scan,
        _largest_excess(scan, model, signal, settings),
        limits,
        _expected(uncertain, limits, settings),
        _global(fitted, signal, settings, report) if settings.toys else None,
        run_checks(found, partial(report, "checks")),
    )


def toy_search(
    fitted: Sequence[FittedCategory], signal: SignalOfMass, masses: Sequence[float]
) -> SpectrumSearch | CategorySearch:
    """What toys are fitted with: these categories with their backgrounds, and the signals at all masses."""
    nulls, shares = zip(*((category.null, category.share) for category in fitted), strict=True)
    return _tested(nulls, shares, signal, masses)


def toy_search_from_json(stored: Mapping[str, Any]) -> SpectrumSearch | CategorySearch:
    """The same from `ResonanceResults.to_json`: for toys of several searches together.

    The chosen backgrounds are fitted again. Raises MaplessError for a signal that has no stored form.
    """
    spectra = stored["spectra"].values()
    nulls = [
        fit_background(Spectrum(**category["spectrum"]), background_from_json(category["background"]))
        for category in spectra
    ]
    masses = [point["mass"] for point in stored["scan"]["points"]]
    shares = [category["share"] for category in spectra]
    return _tested(nulls, shares, signal_from_json(stored["signal"]), masses)


def _tested(
    nulls: Sequence[SpectrumFit], shares: Sequence[float], signal: SignalOfMass, masses: Sequence[float]
) -> SpectrumSearch | CategorySearch:
    shapes = tuple(signal(mass) for mass in masses)
    if len(nulls) == 1:
        return SpectrumSearch(nulls[0], shapes)
    return CategorySearch(tuple(nulls), tuple(shares), shapes)


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


def _expected(
    uncertain: ModelOfMass, limits: LimitScan | None, settings: ResonanceSettings
) -> tuple[Significance, ...] | None:
    """Expected significances at all masses, if there is a signal to expect: one given, or median limits."""
    events: Sequence[float | None]
    if settings.expected_signal is not None:
        events = (settings.expected_signal,) * len(settings.masses)
    elif limits is not None:
        events = [limit.median for limit in limits.limits]
    else:
        return None
    pairs = list(zip(settings.masses, events, strict=True))
    return tuple(in_parallel(partial(_expected_at, uncertain), pairs, settings.workers))


def _expected_at(uncertain: ModelOfMass, signal: tuple[float, float | None]) -> Significance:
    mass, events = signal
    if events is None:
        return Significance(FitStatus.NOT_CONVERGED)
    return expected_significance(uncertain(mass).profile_likelihood(), events)


def _global(
    fitted: Sequence[FittedCategory], signal: SignalOfMass, settings: ResonanceSettings, report: Report
) -> GlobalSignificance:
    return global_significance(
        [toy_search(fitted, signal, settings.masses)],
        settings.toys,
        np.random.default_rng(settings.seed),
        workers=settings.workers,
        report=partial(report, "toys"),
    )
