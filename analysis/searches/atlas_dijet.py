"""ATLAS search for dijet resonances with weak supervision on the two jet masses (arXiv:2005.02983).

A classifier of window against sidebands sees nothing but the masses of both jets; what is above two
thresholds of its score is searched for a resonance. Here with the soft-drop masses of the simulated jets of
CMS, where ATLAS has trimmed jets of radius 1.
"""

from typing import Annotated

from pydantic import Field

from analysis.engine.settings import Name
from analysis.search import Hunt, MassSpectrum, Search, SignalModel
from analysis.search_settings import (
    BackgroundSettings,
    DetectorSettings,
    MassSettings,
    RangeSettings,
    SearchSettings,
    require_selected,
)
from analysis.source import Source
from fits.spectrum import relative_edges
from models.made import Made
from models.window import windows_between
from selections.dijet import dijet

EDGES = (1900.0, 2280.0, 2740.0, 3280.0, 3940.0, 4730.0, 5680.0, 6810.0, 8170.0)
"""Of the windows in GeV; the neighbours of a window are its sidebands."""
WINDOWS = windows_between(EDGES, "mjj")
KEPT = {"10 %": 0.1, "1 %": 0.01}
"""Fractions of the events in the window that are kept."""
BIN_WIDTH = 0.02  # over mass


class Settings(SearchSettings):
    """Settings of the search; `windows` are numbered as their edges, `signals` give the resonance's shape."""

    mjj_min: Annotated[float, Field(gt=0)] = 1900.0
    detectors: dict[Name, DetectorSettings]
    windows: Annotated[tuple[Annotated[int, Field(ge=1, le=6)], ...], Field(min_length=1)] = (
        1,
        2,
        3,
        4,
        5,
        6,
    )
    spectrum: RangeSettings
    background: BackgroundSettings = BackgroundSettings(
        family="atlas+atlas_ua2", choice="in-turn", threshold=0.05
    )
    masses: MassSettings
    signals: tuple[str, ...] = ()
    signal_width: Annotated[float, Field(gt=0, lt=0.5)] = 0.03


def declare(settings: Settings) -> Search:
    """The search: one classifier of both jet masses per window, two thresholds, and the dijet spectrum."""
    edges = relative_edges(settings.spectrum.low, settings.spectrum.high, BIN_WIDTH).tolist()
    require_selected(edges, settings.mjj_min, "mjj_min")
    windows = tuple(WINDOWS[str(number)] for number in settings.windows)
    spectrum = MassSpectrum(
        "mJJ",
        "mjj",
        "signal",
        tuple(edges),
        settings.background.smooth,
        SignalModel(settings.signals, settings.signal_width),
        settings.masses.values,
        title=r"$m_{JJ}$ [GeV]",
        blind=tuple((window.low, window.high) for window in windows),
    )
    masses = ("jet1_softdrop_mass", "jet2_softdrop_mass")
    hunts = tuple(
        Hunt(
            name,
            detector=detector.made(inputs={"event": masses}),
            training={"events": Source("signal")},
            spectra=("mJJ",),
            cut=detector.made_cut(Made("window-efficiency", {"efficiencies": KEPT})),
            learn_on=Source("signal"),
            windows=windows,
            masses={
                one.name: tuple(m for m in spectrum.masses if one.low <= m < one.high) for one in windows
            },
        )
        for name, detector in settings.detectors.items()
    )
    figures = (
        Made(
            "analysis.report.compared_columns:ComparedColumns",
            {
                "compared": {
                    masses[0]: ("Soft-drop mass of the heavier jet [GeV]", 0.0, 600.0),
                    masses[1]: ("Soft-drop mass of the lighter jet [GeV]", 0.0, 600.0),
                }
            },
        ),
        Made(
            "analysis.searches.dijet_efficiency_map:DijetEfficiencyMap",
            {
                "first": (masses[0], "Soft-drop mass of the heavier jet [GeV]", 600.0),
                "second": (masses[1], "Soft-drop mass of the lighter jet [GeV]", 600.0),
            },
        ),
    )
    return Search(
        "atlas-dijet",
        "Dijet resonances by weak supervision on two jet masses",
        "ATLAS, arXiv:2005.02983",
        settings.data,
        settings.table(*((name, "signals") for name in settings.signals)),
        {"signal": dijet(mjj_min=settings.mjj_min, delta_eta_max=1.2, features=())},
        (spectrum,),
        hunts,
        settings.injected(),
        figures=figures,
    )
