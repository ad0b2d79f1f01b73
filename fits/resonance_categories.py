"""The spectra of a search for a resonance: each is a category with a background and a share of the signal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from errors import MaplessError
from fits.background_choice.model_choice import BackgroundChoice
from fits.fit import SpectrumFit
from fits.likelihood.signal_term import SignalTerm
from fits.limits.mass_scan import SignalUncertainties
from fits.resonance_settings import CHECKS, ResonanceSettings
from fits.search_model import Process, SearchCategory, SearchModel
from fits.signals import SignalOfMass, SignalShape
from fits.significance.mass_scan import MassPoints, MassScan, check_masses, scan_masses_of_fit
from fits.spectrum import Spectrum

_ROUNDING = 1e-6
NO_UNCERTAINTIES = SignalUncertainties(0.0, 0.0, ())


@dataclass(frozen=True, eq=False)
class ResonanceCategory:
    """One spectrum and the fraction of the signal events in it.

    For the record there are the `source` it comes from, and in words what was `read` there.
    """

    name: str
    spectrum: Spectrum
    share: float = 1.0
    source: str = ""
    read: str = ""


@dataclass(frozen=True, eq=False)
class FittedCategory:
    """A category with its background, and the mass scan of it alone."""

    category: ResonanceCategory
    choice: BackgroundChoice
    scan: MassScan

    @property
    def name(self) -> str:
        """Name of the category."""
        return self.category.name

    @property
    def share(self) -> float:
        """Fraction of the signal events in it."""
        return self.category.share

    @property
    def null(self) -> SpectrumFit:
        """The background-only fit."""
        return self.choice.fit


def check_categories(categories: Sequence[ResonanceCategory], uncertainties: SignalUncertainties) -> None:
    """MaplessError for no categories, equal names, impossible shares, and uncertainties of none of them."""
    names = [category.name for category in categories]
    if not names or len(set(names)) < len(names):
        raise MaplessError(f"a search needs spectra of different names, not {', '.join(names) or 'none'}")
    shares = [category.share for category in categories]
    if not all(share > 0 for share in shares) or sum(shares) > 1 + _ROUNDING:
        raise MaplessError(
            f"shares {', '.join(f'{share:g}' for share in shares)}: give fractions of the signal, above zero "
            "and together at most 1"
        )
    if len(shares) == 1 and shares != [1.0]:
        raise MaplessError(f"a share of {shares[0]:g} for a single spectrum, whose signal is all there is: 1")
    unknown = [key for key, _ in uncertainties.yields if _owner(key) not in (None, *names)]
    if unknown:
        raise MaplessError(
            f"no spectrum belongs to the uncertainty {unknown[0]}; there are {', '.join(names)}"
        )


def fit_category(
    category: ResonanceCategory, signal: SignalOfMass, settings: ResonanceSettings, *, alone: bool
) -> FittedCategory:
    """Choose the background of a category and scan it alone; errors name it unless it is `alone`."""
    spectrum = category.spectrum
    try:
        check_masses(spectrum, signal, settings.masses)
        choice = settings.background.choose(spectrum, settings.choice_mass)
        tested: Callable[[float], SignalShape | SignalTerm] = signal
        if settings.uncertain_p_values:
            uncertainties = category_uncertainties(settings.uncertainties, category.name)
            tested = lambda mass: uncertainties.apply(spectrum, signal(mass))  # noqa: E731
        scan = scan_masses_of_fit(choice.fit, tested, settings.masses)
    except MaplessError as error:
        if alone:
            raise
        raise MaplessError(f"{category.name}: {error}") from None
    return FittedCategory(category, choice, scan)


def search_model(
    categories: Sequence[FittedCategory],
    signal: SignalOfMass,
    uncertainties: SignalUncertainties,
    mass: float,
) -> SearchModel:
    """All categories with a signal of this mass; its `signal_yield` counts events before the shares."""
    shape = signal(mass)
    parts = [
        SearchCategory(
            fitted.name,
            fitted.category.spectrum,
            Process(shape, fitted.share, category_uncertainties(uncertainties, fitted.name).effects),
            fitted.choice.background,
            null=fitted.null,
        )
        for fitted in categories
    ]
    return SearchModel(parts, "signal_yield")


def category_uncertainties(uncertainties: SignalUncertainties, name: str) -> SignalUncertainties:
    """Those that act in one category: the common ones and its own, whose nuisances get its name.

    >>> given = SignalUncertainties(0, 0, (("luminosity", 0.016), ("tight.efficiency", 0.1)))
    >>> category_uncertainties(given, "tight").yields
    (('luminosity', 0.016), ('tight_efficiency', 0.1))
    >>> category_uncertainties(given, "loose").yields
    (('luminosity', 0.016),)
    """
    used = [(key, size) for key, size in uncertainties.yields if _owner(key) in (None, name)]
    return replace(uncertainties, yields=tuple((key.replace(".", "_"), size) for key, size in used))


@dataclass(frozen=True, eq=False)
class Found:
    """What checks start from: the fitted categories with their common scan."""

    settings: ResonanceSettings
    categories: Sequence[FittedCategory]
    signal: SignalOfMass
    scan: MassPoints

    def model(self, mass: float | None = None) -> SearchModel:
        """All categories with an uncertain signal, by default at the mass of the largest excess."""
        at = self.scan.most_significant.mass if mass is None else mass
        return search_model(self.categories, self.signal, self.settings.uncertainties, at)

    def generator(self, check: str) -> np.random.Generator:
        """Random numbers of a check, whatever other checks there are."""
        return np.random.default_rng([self.settings.seed, CHECKS.index(check)])


def _owner(key: str) -> str | None:
    """The category that an uncertainty belongs to, None for all."""
    return key.split(".", maxsplit=1)[0] if "." in key else None
