"""A box of the LHC Olympics 2020 (arXiv:2101.08320): is there a dijet resonance, how heavy, how much of it?

Jets of radius 1 from the particles of the challenge, or their features. Windows follow each other with half
an overlap over all of the spectrum; in each a classifier of window against sidebands selects what stands out.
"""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from analysis.engine.settings import Name
from analysis.engine.units import Energy
from analysis.search import Hunt, MassSpectrum, Search, SignalModel
from analysis.search_settings import (
    BackgroundSettings,
    DetectorSettings,
    MassSettings,
    OwnSelection,
    RangeSettings,
    SearchSettings,
    require_selected,
)
from analysis.searches.dijet_prongs import PRONGS
from analysis.source import Source
from errors import MaplessError
from fits.spectrum import relative_edges
from models.made import Made
from models.window import Window, windows_between
from selections.dijet import JET_MASSES, dijet, dijet_columns

BIN_WIDTH = 0.02  # over mass
OF_JETS = ("tau21", "tau32", "n_constituents")
"""What detectors see of each jet beside its mass, as far as files have it."""
DISTANT = 0.25  # of a window, in logarithms, from its centre: farther masses belong to its neighbours


class SelectionSettings(OwnSelection):
    """Two large jets (GeV); the challenge has events with one above 1.2 TeV.

    `jet_mass` orders the jets and is what detectors see; `jet_features` are kept beside the kinematics.
    """

    mjj_min: Annotated[Energy, Field(gt=0)]
    jet_pt_min: Annotated[Energy, Field(gt=0)] = 200.0
    jet_eta_max: Annotated[float, Field(gt=0)] = 2.5
    delta_eta_max: Annotated[float, Field(gt=0)] = 1.3
    jet_features: tuple[str, ...] = ("tau1", "tau2", "tau3")
    jet_mass: Literal["soft_drop", "trimmed", "plain"] = "plain"


class Settings(SearchSettings):
    """Settings of the search; `window_ratio` is the upper end of a window over its lower one.

    Windows begin where the spectrum does. Detectors keep a fraction `kept` of the sidebands. Without
    `signals`, samples that give the shape of the resonance, it is a Gaussian of relative `signal_width`.
    """

    selection: SelectionSettings
    detectors: dict[Name, DetectorSettings]
    window_ratio: Annotated[float, Field(ge=1.05, le=1.5)] = 1.12
    kept: Annotated[float, Field(gt=0, lt=1)] = 0.01
    spectrum: RangeSettings
    background: BackgroundSettings = BackgroundSettings()
    masses: MassSettings
    signals: tuple[str, ...] = ()
    signal_width: Annotated[float, Field(gt=0, lt=0.5)] = 0.04


def declare(settings: Settings) -> Search:
    """The search: overlapping windows, detectors in each, and the dijet spectrum."""
    chosen, spectrum = settings.selection, settings.spectrum
    edges = relative_edges(spectrum.low, spectrum.high, BIN_WIDTH).tolist()
    require_selected(edges, chosen.mjj_min, "selection.mjj_min")
    mass = JET_MASSES[chosen.jet_mass]
    windows = _windows(settings)
    hunts = tuple(_hunt(name, one, windows, settings) for name, one in settings.detectors.items())
    jets = {f"jet1_{mass}": "mass of the heavier jet", f"jet2_{mass}": "mass of the lighter jet"}
    compared = {name: (f"{title.capitalize()} [GeV]", 0.0, 800.0) for name, title in jets.items()}
    compared |= {f"jet{jet}_tau21": (rf"$\tau_{{21}}$ of jet {jet}", 0.0, 1.0) for jet in (1, 2)}
    kept = dijet_columns(chosen.jet_features, chosen.jet_mass)
    ratios = tuple(name for name in PRONGS if f"jet1_{name}" in kept)
    return Search(
        "lhco",
        "A box of the LHC Olympics",
        "LHC Olympics 2020, arXiv:2101.08320",
        settings.data,
        settings.table(*((name, "signals") for name in settings.signals)),
        {
            "signal": dijet(
                mjj_min=chosen.mjj_min,
                jet_pt_min=chosen.jet_pt_min,
                jet_eta_max=chosen.jet_eta_max,
                delta_eta_max=chosen.delta_eta_max,
                features=chosen.jet_features,
                jet_mass=chosen.jet_mass,
            )
        },
        (
            MassSpectrum(
                "mJJ",
                "mjj",
                "signal",
                tuple(edges),
                settings.background.smooth,
                SignalModel(settings.signals, settings.signal_width),
                settings.masses.values,
                title=r"$m_{JJ}$ [GeV]",
                blind=(),
            ),
        ),
        hunts,
        settings.injected(),
        figures=(
            Made("analysis.report.compared_columns:ComparedColumns", {"compared": compared}),
            Made("analysis.searches.dijet_prongs:DijetProngs", {"ratios": ratios}),
        ),
        features=_seen(settings, OF_JETS),
        described=jets,
    )


def _windows(settings: Settings) -> dict[str, tuple[Window, tuple[float, ...]]]:
    """Windows of two series that overlap by half, with the masses that each tests.

    Raises MaplessError if no window fits in the spectrum.
    """
    low, high, ratio = settings.spectrum.low, settings.spectrum.high, settings.window_ratio
    found = {}
    for series, start in (("A", low), ("B", low * ratio**0.5)):
        n_edges = int(np.log(high / start) / np.log(ratio)) + 1
        edges = (start * ratio ** np.arange(n_edges)).tolist()
        for name, window in windows_between(edges, "mjj", series).items():
            centre = np.log(window.low * window.high) / 2
            masses = [mass for mass in settings.masses.values if _is_near(np.log(mass) - centre, ratio)]
            if masses:
                found[name] = (window, tuple(masses))
    if not found:
        raise MaplessError(
            "masses: none lies in a window with sidebands; widen spectrum or lower window_ratio"
        )
    return found


def _is_near(distance: float, ratio: float) -> bool:
    return bool(-DISTANT <= distance / np.log(ratio) < DISTANT)


def _hunt(
    name: str,
    detector: DetectorSettings,
    windows: dict[str, tuple[Window, tuple[float, ...]]],
    settings: Settings,
) -> Hunt:
    event = _seen(settings, ("tau21",))
    jets = _seen(settings, OF_JETS)
    offered: dict[str, Any] = {
        "inputs": {"event": event},
        "views": {"event": {"event": event}, "both-jets": {"both_jets": jets}},
        "features": event,
        "observables": jets,
    }
    return Hunt(
        name,
        detector.made(**offered),
        {"events": Source("signal")},
        ("mJJ",),
        detector.made_cut(Made("sideband-efficiency", {"kept": settings.kept})),
        learn_on=Source("signal"),
        windows=tuple(window for window, _ in windows.values()),
        masses={name: masses for name, (_, masses) in windows.items()},
    )


def _seen(settings: Settings, of_jets: tuple[str, ...]) -> tuple[str, ...]:
    """Mass of the heavier jet, how much lighter the other is, and what is there of both."""
    kept = dijet_columns(settings.selection.jet_features, settings.selection.jet_mass)
    columns = [f"jet{jet}_{name}" for jet in (1, 2) for name in of_jets]
    mass = JET_MASSES[settings.selection.jet_mass]
    return (f"jet1_{mass}", "mass_difference", *(name for name in columns if name in kept))
