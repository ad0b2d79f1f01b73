"""The smallest search: two jets and their mass, to see what a selection makes of an input."""

import numpy as np

from analysis.search import MassSpectrum, Search, SignalModel
from analysis.search_settings import BackgroundSettings, MassSettings, RangeSettings, SearchSettings
from selections.dijet import dijet

MJJ_MIN, JET_PT_MIN, JET_ETA_MAX, DELTA_ETA_MAX = 600.0, 250.0, 2.5, 1.3


class Settings(SearchSettings):
    """What the YAML may say."""

    spectrum: RangeSettings = RangeSettings(low=600, high=6000)
    masses: MassSettings = MassSettings(low=1000, high=2000)
    background: BackgroundSettings = BackgroundSettings()
    jet_mass: str = "soft_drop"


def declare(settings: Settings) -> Search:
    """Dijet events and their spectrum; no hunts."""
    selection = dijet(
        mjj_min=MJJ_MIN,
        jet_pt_min=JET_PT_MIN,
        jet_eta_max=JET_ETA_MAX,
        delta_eta_max=DELTA_ETA_MAX,
        features=(),
        jet_mass=settings.jet_mass,
    )
    edges = np.arange(settings.spectrum.low, settings.spectrum.high + 1, 100.0)
    spectrum = MassSpectrum(
        "mjj",
        "mjj",
        "signal",
        tuple(edges.tolist()),
        settings.background.smooth,
        SignalModel(),
        settings.masses.values,
    )
    return Search(
        "probe", "Nothing", "none", settings.data, settings.table(), {"signal": selection}, (spectrum,)
    )
