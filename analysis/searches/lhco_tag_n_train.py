"""Dijet resonances by Tag N' Train on jet images, as shown on the LHC Olympics (arXiv:2002.12376).

Jets of radius 1, the heavier one first in every event. Each is tagged by the image of the other one, and
classifiers of images learn to tell the tagged ones apart; kept are events of which both jets are above the
same percentile.
"""

from typing import Annotated, Literal

from pydantic import Field

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
from models.window import Window
from selections.dijet import JET_MASSES, dijet, dijet_columns
from selections.jets import JetImage

BIN_WIDTH = 0.02  # over mass
IMAGE = JetImage(size=40, half_width=0.7, rotated=True, flipped=True)
OF_JETS = ("pt", "tau21", "tau32", "n_constituents")
"""What kept events are compared in, beside the masses of the jets."""
INDEPENDENT = (("first_autoencoder", "second_autoencoder"), ("first", "second"))
"""Scores of both jets that the method takes to be independent for background."""


class SelectionSettings(OwnSelection):
    """Two large jets (GeV); `jet_mass` says which mass makes one the heavier."""

    mjj_min: Annotated[Energy, Field(gt=0)]
    jet_pt_min: Annotated[Energy, Field(gt=0)] = 300.0
    jet_eta_max: Annotated[float, Field(gt=0)] = 2.5
    delta_eta_max: Annotated[float, Field(gt=0)] = 1.3
    jet_features: tuple[str, ...] = ("tau1", "tau2", "tau3", "n_constituents")
    jet_mass: Literal["soft_drop", "trimmed", "plain"] = "plain"


class Settings(SearchSettings):
    """Settings of the search.

    `window` has the sidebands of which the fraction `kept` passes. With `signal_rich_in_window` jets are
    signal-rich only there, and only its masses are tested; without it they may have any mass. Without
    `signals`, samples that give the shape of the resonance, it is a Gaussian of relative `signal_width`.
    """

    selection: SelectionSettings
    detector: DetectorSettings
    window: RangeSettings
    signal_rich_in_window: bool = False
    kept: Annotated[float, Field(gt=0, lt=1)] = 0.01
    spectrum: RangeSettings
    background: BackgroundSettings = BackgroundSettings()
    masses: MassSettings
    signals: tuple[str, ...] = ()
    signal_width: Annotated[float, Field(gt=0, lt=0.5)] = 0.04


def declare(settings: Settings) -> Search:
    """The search: one region, one detector of images, and the dijet spectrum."""
    chosen, spectrum = settings.selection, settings.spectrum
    edges = relative_edges(spectrum.low, spectrum.high, BIN_WIDTH).tolist()
    require_selected(edges, chosen.mjj_min, "selection.mjj_min")
    mass = JET_MASSES[chosen.jet_mass]
    kept = dijet_columns(chosen.jet_features, chosen.jet_mass)
    jets = {f"jet1_{mass}": "mass of the heavier jet", f"jet2_{mass}": "mass of the lighter jet"}
    compared = {name: (f"{title.capitalize()} [GeV]", 0.0, 800.0) for name, title in jets.items()}
    compared |= {
        f"jet{jet}_tau21": (rf"$\tau_{{21}}$ of jet {jet}", 0.0, 1.0)
        for jet in (1, 2)
        if f"jet{jet}_tau21" in kept
    }
    columns = [f"jet{jet}_{name}" for jet in (1, 2) for name in (mass, *OF_JETS)]
    ratios = tuple(name for name in PRONGS if f"jet1_{name}" in kept)
    return Search(
        "lhco-tag-n-train",
        "Resonances decaying to two jets whose images tag each other",
        "Tag N' Train, arXiv:2002.12376",
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
                images=IMAGE,
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
        (_hunt(settings),),
        settings.injected(),
        figures=(
            Made("analysis.report.compared_columns:ComparedColumns", {"compared": compared}),
            Made("analysis.searches.dijet_prongs:DijetProngs", {"ratios": ratios}),
            Made("analysis.searches.dijet_average_images:DijetAverageImages"),
            *(
                Made("analysis.report.independent_scores:IndependentScores", {"first": one, "second": other})
                for one, other in INDEPENDENT
            ),
        ),
        features=tuple(name for name in columns if name in kept),
        described=jets,
    )


def _hunt(settings: Settings) -> Hunt:
    """The detector in its window, with the masses that it is asked about."""
    window = Window("tnt", "mjj", settings.window.low, settings.window.high)
    masses = settings.masses.values
    if settings.signal_rich_in_window:
        masses = tuple(mass for mass in masses if window.low <= mass < window.high)
    if not masses:
        raise MaplessError(f"masses: none lies in the window {window}; widen it, or masses")
    offered = {
        "match": {"jet1": "jet1_pt", "jet2": "jet2_pt"},
        "any_mass": not settings.signal_rich_in_window,
    }
    return Hunt(
        "tag-n-train",
        settings.detector.made(**offered),
        {"events": Source("signal")},
        ("mJJ",),
        settings.detector.made_cut(Made("sideband-efficiency", {"kept": settings.kept})),
        learn_on=Source("signal"),
        windows=(window,),
        masses={window.name: masses},
    )
