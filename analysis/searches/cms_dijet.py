"""CMS search for dijet resonances with anomalous jets, EXO-22-026 (arXiv:2412.03747)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from analysis.engine.settings import Name
from analysis.engine.settings import Settings as SettingsBase
from analysis.engine.units import Energy
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
from errors import MaplessError
from fits.spectrum import four_gev_edges
from models.made import Made
from models.window import Window, windows_between
from selections.dijet import FEATURES, JET_MASSES, dijet, dijet_columns

JET_FEATURES = ("tau21", "tau32", "tau43", "lsf3", "b_tag", "n_constituents")
"""What the networks of CWoLa Hunting see of each jet beside its mass."""
EVENT_FEATURES = ("mass_difference", "jet1_tau41", "jet2_tau41")
"""What CATHODE sees of an event beside the mass of the heavier jet."""

# Edges of the windows in GeV, events kept of their sidebands, and masses tested in each: arXiv:2412.03747.
# The neighbours of a window are its sidebands; no window of the paper holds 4000 GeV.
EDGES = {
    "A": (1450.0, 1650.0, 2017.0, 2465.0, 3013.0, 3682.0, 4500.0, 5500.0, 8000.0),
    "B": (1492.0, 1824.0, 2230.0, 2725.0, 3331.0, 4071.0, 4975.0, 6081.0, 8000.0),
}
KEPT = (0.01, 0.01, 0.01, 0.03, 0.03, 0.05)
MASSES = {
    "A1": (1800, 1900),
    "A2": (2200, 2300),
    "A3": (2600, 2700, 2800),
    "A4": (3200, 3300, 3400, 3500),
    "A5": (3900, 4100, 4200, 4300),
    "A6": (4800, 4900, 5000, 5100, 5200),
    "B1": (2000, 2100),
    "B2": (2400, 2500),
    "B3": (2900, 3000, 3100),
    "B4": (3600, 3700, 3800),
    "B5": (4400, 4500, 4600, 4700),
    "B6": (5300, 5400, 5500, 5600, 5700, 5800),
}
WINDOWS = windows_between(EDGES["A"], "mjj", "A") | windows_between(EDGES["B"], "mjj", "B")
MASS_NAMES = {"soft_drop": "Soft-drop mass", "trimmed": "Trimmed mass", "plain": "Mass"}
KEPT_OF_WINDOW = {name: KEPT[int(name[1]) - 1] for name in WINDOWS}


def _figures(jet_mass: str, features: Sequence[str]) -> tuple[Made, ...]:
    mass, name = JET_MASSES[jet_mass], MASS_NAMES[jet_mass]
    compared = {
        f"jet1_{mass}": (f"{name} of the heavier jet [GeV]", 0.0, 600.0),
        f"jet2_{mass}": (f"{name} of the lighter jet [GeV]", 0.0, 600.0),
        "jet1_tau21": (r"$\tau_{21}$ of the heavier jet", 0.0, 1.0),
        "jet2_tau21": (r"$\tau_{21}$ of the lighter jet", 0.0, 1.0),
    }
    return (
        Made("analysis.report.compared_columns:ComparedColumns", {"compared": compared}),
        Made("analysis.report.selected_features:SelectedFeatures", {"features": features}),
        Made("analysis.searches.dijet_event_display:DijetEventDisplay", {"mass": mass}),
    )


class SelectionSettings(SettingsBase):
    """Signal topology of the dijet selection (GeV).

    `jet_features` are kept beside the kinematics; leave out those that the files do not have, which the
    detectors then do not see either. `jet_mass` is the one that orders the jets and that detectors see.
    """

    mjj_min: Annotated[Energy, Field(gt=0)] = 1460.0
    jet_pt_min: Annotated[Energy, Field(gt=0)] = 300.0
    jet_eta_max: Annotated[float, Field(gt=0)] = 2.5
    delta_eta_max: Annotated[float, Field(gt=0)] = 1.3
    jet_features: tuple[str, ...] = FEATURES
    jet_mass: Literal["soft_drop", "trimmed", "plain"] = "soft_drop"


class WindowSettings(RangeSettings):
    """A mass window of one's own (GeV); its side-bands touch it and have its relative width.

    Its `masses` are by default those of the search that it holds.
    """

    kept: Annotated[float, Field(gt=0, lt=1)] = 0.01
    masses: tuple[Energy, ...] | None = None


class Settings(SearchSettings):
    """Settings of the search; `signals` are the samples that give the shape of the resonance.

    `windows` names windows of the paper or of `own_windows`.
    """

    selection: SelectionSettings = SelectionSettings()
    windows: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(WINDOWS)
    own_windows: dict[Name, WindowSettings] = {}
    detectors: dict[Name, DetectorSettings]
    spectrum: RangeSettings
    background: BackgroundSettings = BackgroundSettings()
    masses: MassSettings
    signals: Annotated[tuple[str, ...], Field(min_length=1)]


def declare(settings: Settings) -> Search:
    """The search: dijet events, one detector per mass window, and the dijet spectrum that is left."""
    selection = dijet(
        mjj_min=settings.selection.mjj_min,
        jet_pt_min=settings.selection.jet_pt_min,
        jet_eta_max=settings.selection.jet_eta_max,
        delta_eta_max=settings.selection.delta_eta_max,
        features=settings.selection.jet_features,
        jet_mass=settings.selection.jet_mass,
    )
    kept_of_jets = dijet_columns(settings.selection.jet_features, settings.selection.jet_mass)
    seen = (JET_MASSES[settings.selection.jet_mass], *JET_FEATURES)
    own = {name: Window(name, "mjj", one.low, one.high) for name, one in settings.own_windows.items()}
    windows = _chosen({**WINDOWS, **own}, settings.windows)
    kept = KEPT_OF_WINDOW | {name: one.kept for name, one in settings.own_windows.items()}
    inputs = {
        jet: tuple(f"{jet}_{name}" for name in seen if f"{jet}_{name}" in kept_of_jets)
        for jet in ("jet1", "jet2")
    }
    all_inputs = tuple(name for columns in inputs.values() for name in columns)
    features = (f"jet1_{seen[0]}", *(name for name in EVENT_FEATURES if name in kept_of_jets))
    edges = four_gev_edges(settings.spectrum.low, settings.spectrum.high).tolist()
    require_selected(edges, settings.selection.mjj_min, "selection.mjj_min")
    mjj = MassSpectrum(
        "mjj",
        "mjj",
        "signal",
        tuple(edges),
        settings.background.smooth,
        SignalModel(settings.signals),
        settings.masses.values,
        title=r"$m_{jj}$ [GeV]",
        blind=tuple((window.low, window.high) for window in windows),
    )
    hunts = [
        Hunt(
            name,
            detector=detector.made(
                inputs=inputs, match={"jet1": "jet1_pt", "jet2": "jet2_pt"}, features=features
            ),
            training={"events": Source("signal")},
            spectra=("mjj",),
            cut=detector.made_cut(Made("sideband-efficiency", {"kept": kept})),
            learn_on=Source("signal"),
            windows=windows,
            masses={window.name: _masses(window, settings) for window in windows},
        )
        for name, detector in settings.detectors.items()
    ]
    return Search(
        "cms-dijet",
        "Resonances decaying to two anomalous jets",
        "CMS EXO-22-026, arXiv:2412.03747",
        settings.data,
        settings.table(*((name, "signals") for name in settings.signals)),
        {"signal": selection},
        (mjj,),
        tuple(hunts),
        settings.injected(),
        figures=_figures(settings.selection.jet_mass, tuple(dict.fromkeys((*all_inputs, *features)))),
    )


def _chosen(known: Mapping[str, Window], names: Sequence[str]) -> tuple[Window, ...]:
    missing = [name for name in names if name not in known]
    if missing:
        raise MaplessError(
            f"windows: no window is called {missing[0]!r}; known: {', '.join(known)}; or use own_windows"
        )
    return tuple(known[name] for name in names)


def _masses(window: Window, settings: Settings) -> tuple[float, ...]:
    """Those of the search that the paper gives to a window, or that an own window names or holds."""
    searched = settings.masses.values
    own = settings.own_windows.get(window.name)
    if own is None:
        return tuple(mass for mass in searched if mass in MASSES[window.name])
    if own.masses is not None:
        return own.masses
    return tuple(mass for mass in searched if window.low <= mass < window.high)
