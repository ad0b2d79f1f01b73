"""A search for a resonance made from what was stored of it, for toys and limits that come later."""

from collections.abc import Mapping
from typing import Any

from fits.backgrounds.catalogue import background_from_json
from fits.fit import SpectrumFit, fit_background
from fits.limits.mass_scan import SignalUncertainties
from fits.resonance_categories import category_uncertainties
from fits.search_model import Process, SearchCategory, SearchModel
from fits.signals import signal_from_json
from fits.significance.category_search import CategorySearch
from fits.significance.global_significance import SpectrumSearch
from fits.significance.tested import Tested
from fits.spectrum import Spectrum


def tested_from_json(stored: Mapping[str, Any]) -> Tested:
    """The hypotheses of a search (`ResonanceResults.to_json`), to be tested on toys.

    Its backgrounds, of the functions that were chosen, are fitted again. Raises MaplessError if one fails.
    """
    signal = signal_from_json(stored["signal"])
    shapes = tuple(signal(point["mass"]) for point in stored["scan"]["points"])
    nulls = tuple(_null(name, category) for name, category in stored["spectra"].items())
    if len(nulls) == 1:
        return SpectrumSearch(nulls[0], shapes)
    return CategorySearch(nulls, tuple(one["share"] for one in stored["spectra"].values()), shapes)


def model_from_json(
    stored: Mapping[str, Any],
    mass: float,
    uncertainties: SignalUncertainties,
    events: Mapping[str, float] | None = None,
    parameter: str = "signal_yield",
) -> SearchModel:
    """The likelihood of a search at one mass (GeV), with a signal of `events` in each category.

    By default these are the shares of the signal, and the parameter counts its events; with luminosity times
    efficiency it is a cross section.
    """
    shape = signal_from_json(stored["signal"])(mass)
    return SearchModel(
        [
            SearchCategory(
                name,
                Spectrum(**category["spectrum"]),
                Process(
                    shape,
                    category["share"] if events is None else events[name],
                    category_uncertainties(uncertainties, name).effects,
                ),
                background_from_json(category["background"]),
            )
            for name, category in stored["spectra"].items()
        ],
        parameter,
    )


def _null(name: str, category: Mapping[str, Any]) -> SpectrumFit:
    fit = fit_background(Spectrum(**category["spectrum"]), background_from_json(category["background"]))
    fit.result.require_convergence(f"background of {name}")
    return fit
