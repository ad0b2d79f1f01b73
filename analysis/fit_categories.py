"""The spectra of `./run_analysis.py fit`: each is a category with a background and a share of the signal."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.fit_options import FitSettings, Signal
from errors import MaplessError
from fits.background_choice.model_choice import BackgroundChoice, choose_background
from fits.backgrounds.catalogue import background, background_family
from fits.backgrounds.families import LogLinearBackground
from fits.likelihood.signal_term import Effect
from fits.limits.mass_scan import SignalUncertainties
from fits.search_model import Process, SearchCategory, SearchModel
from fits.significance.mass_scan import MassScan, scan_masses
from fits.sources.files import read_spectrum
from fits.spectrum import Spectrum


@dataclass(frozen=True, eq=False)
class FittedCategory:
    """One spectrum, its share of the signal events, its background, and the mass scan of it alone."""

    name: str
    source: str
    share: float
    spectrum: Spectrum
    choice: BackgroundChoice
    scan: MassScan


def fit_categories(settings: FitSettings, signal: Signal) -> tuple[FittedCategory, ...]:
    """Read all spectra, choose the background of each and scan each alone.

    Raises MaplessError for bad spectra or masses, for names that occur twice, for shares that do not match,
    for uncertainties of categories that there are not, and if no background fit of a spectrum converges.
    """
    names = category_names(settings.sources)
    shares = _shares(settings)
    _check_uncertainties(settings.uncertainties, names)
    spectra = [_read(source, settings) for source in names.values()]
    rows = zip(names.items(), shares, spectra, strict=True)
    return tuple(_fitted(*row[0], row[1], row[2], settings, signal) for row in rows)


def category_names(sources: Sequence[str]) -> dict[str, str]:
    """Files by name: `NAME=FILE`, or the name of a file or of the histogram in it, as a word.

    >>> category_names(["a/loose.csv", "tight=b/spectrum.csv", "file.root:m jj"])
    {'loose': 'a/loose.csv', 'tight': 'b/spectrum.csv', 'm_jj': 'file.root:m jj'}
    """
    given = [re.fullmatch(r"(?:([A-Za-z]\w*)=)?(.+)", source, re.DOTALL) for source in sources]
    pairs = [(match[1] or _word(match[2]), match[2]) for match in given if match]
    for place, what in ((0, "are called"), (1, "come from")):
        seen = [pair[place].casefold() for pair in pairs]  # they become names of files
        twice = [pair[place] for pair in pairs if seen.count(pair[place].casefold()) > 1]
        if twice:
            raise MaplessError(
                f"two spectra {what} {twice[0]}; categories share no events and have different names, "
                "written NAME=FILE"
            )
    return dict(pairs)


def search_model(
    categories: Sequence[FittedCategory], signal: Signal, uncertainties: SignalUncertainties, mass: float
) -> SearchModel:
    """All categories with a signal of this mass; its `signal_yield` counts events before the shares."""
    shape = signal(mass)
    parts = [
        SearchCategory(
            category.name,
            category.spectrum,
            Process(shape, category.share, category_effects(uncertainties, category.name)),
            category.choice.background,
        )
        for category in categories
    ]
    return SearchModel(parts, "signal_yield")


def category_effects(uncertainties: SignalUncertainties, name: str) -> Mapping[str, Effect]:
    """Effects in one category: the common ones and its own, whose nuisances get its name.

    >>> given = SignalUncertainties(0, 0, (("luminosity", 0.016), ("tight.efficiency", 0.1)))
    >>> list(category_effects(given, "tight")), list(category_effects(given, "loose"))
    (['luminosity', 'tight_efficiency'], ['luminosity'])
    """
    used = [(key, size) for key, size in uncertainties.yields if _owner(key) in (None, name)]
    named = tuple((key.replace(".", "_"), size) for key, size in used)
    return replace(uncertainties, yields=named).effects


def _owner(key: str) -> str | None:
    """The category that an uncertainty belongs to, None for all."""
    return key.split(".", maxsplit=1)[0] if "." in key else None


def _word(source: str) -> str:
    """Name of the histogram or file, as a word that starts with a letter."""
    file, _, histogram = source.rpartition(".root:")
    word = re.sub(r"\W+", "_", histogram if file else Path(source).stem)
    return word if re.match(r"[A-Za-z]", word) else f"spectrum_{word}"


def _shares(settings: FitSettings) -> tuple[float, ...]:
    n_spectra, n_shares = len(settings.sources), len(settings.shares)
    if n_spectra == 1 and not n_shares:
        return (1.0,)
    if n_shares != n_spectra:
        raise MaplessError(
            f"{n_spectra} spectra and {n_shares} shares of the signal; give one share for each, as in "
            "--shares 0.5,0.3,0.2"
        )
    return settings.shares


def _check_uncertainties(uncertainties: SignalUncertainties, names: Mapping[str, str]) -> None:
    unknown = [key for key, _ in uncertainties.yields if _owner(key) not in (None, *names)]
    if unknown:
        raise MaplessError(
            f"no spectrum belongs to the uncertainty {unknown[0]}; there are {', '.join(names)}"
        )


def _read(source: str, settings: FitSettings) -> Spectrum:
    return read_spectrum(
        source, mass_range=settings.mass_range, column=settings.column, luminosity=settings.luminosity
    )


def _fitted(
    name: str, source: str, share: float, spectrum: Spectrum, settings: FitSettings, signal: Signal
) -> FittedCategory:
    try:
        choice = choose_background(spectrum, family=_family(settings))
        scan = scan_masses(spectrum, choice.background, signal, settings.masses)
    except MaplessError as error:
        if len(settings.sources) == 1:
            raise
        raise MaplessError(f"{name}: {error}") from None
    return FittedCategory(name, source, share, spectrum, choice, scan)


def _family(settings: FitSettings) -> tuple[LogLinearBackground, ...]:
    if settings.n_parameters is None:
        return background_family(settings.background, settings.collision_energy)
    return (background(settings.background, settings.n_parameters, settings.collision_energy),)
