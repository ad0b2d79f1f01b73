"""The likelihood of a search for a resonance made from what was stored of it, for limits that come later."""

from collections.abc import Mapping
from typing import Any

from fits.backgrounds.catalogue import background_from_json
from fits.limits.mass_scan import SignalUncertainties
from fits.resonance_categories import category_uncertainties
from fits.search_model import Process, SearchCategory, SearchModel
from fits.signals import signal_from_json
from fits.spectrum import Spectrum


def model_from_json(
    stored: Mapping[str, Any],
    mass: float,
    uncertainties: SignalUncertainties,
    events: Mapping[str, float] | None = None,
    parameter: str = "signal_yield",
) -> SearchModel:
    """Categories, chosen backgrounds and signal of `ResonanceResults.to_json`, at one mass (GeV).

    `events` of the signal in each category are by default their shares, and the parameter counts events of
    the signal; with luminosity times efficiency it is a cross section. Raises MaplessError for a signal that
    has no stored form or lies outside of the spectra.
    """
    shape = signal_from_json(stored["signal"])(mass)
    shares = {name: category["share"] for name, category in stored["spectra"].items()}
    return SearchModel(
        [
            SearchCategory(
                name,
                Spectrum(**category["spectrum"]),
                Process(
                    shape,
                    (events or shares)[name],
                    category_uncertainties(uncertainties, name).effects,
                ),
                background_from_json(category["background"]),
            )
            for name, category in stored["spectra"].items()
        ],
        parameter,
    )
