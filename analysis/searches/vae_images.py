"""Dijet resonances whose jets a variational autoencoder of images rebuilds badly (CHEP 2019).

It learns jets far apart in pseudorapidity, and scores those of the events that are searched. In the tail of
the spectrum one threshold keeps the oddest events; in its bulk the threshold follows the dijet mass, so that
the spectrum of background keeps its shape.
"""

from typing import Annotated, Any, Literal

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
from selections.dijet import dijet, dijet_columns, dijet_control_region
from selections.jets import JetImage

BIN_WIDTH = 0.02  # over mass
FEATURES = ("tau1", "tau2", "tau3", "tau4", "n_constituents")
OF_JETS = ("softdrop_mass", *PRONGS, "n_constituents")
"""What kept events are compared in."""


class SelectionSettings(OwnSelection):
    """Two large jets (GeV); the detector learns from those `delta_eta` and farther apart, up to `far`."""

    mjj_min: Annotated[Energy, Field(gt=0)]
    jet_pt_min: Annotated[Energy, Field(gt=0)] = 300.0
    jet_eta_max: Annotated[float, Field(gt=0)] = 2.5
    delta_eta: Annotated[float, Field(gt=0)] = 1.4
    far: Annotated[float, Field(gt=0)] = 2.5


class Settings(SearchSettings):
    """Settings of the search.

    `control` is a sample of jets far apart, by default those of the data. `loss` says which of the losses of
    both jets is the score (`models.image_autoencoder.detector`); `strategy` "bulk" keeps the same fraction
    `kept` at every mass, "tail" those above one threshold. Without `signals`, samples that give the shape of
    the resonance, it is a Gaussian of relative `signal_width`.
    """

    selection: SelectionSettings
    control: str = ""
    detector: DetectorSettings
    loss: Literal["first", "second", "sum", "both", "either"] = "sum"
    strategy: Literal["bulk", "tail"] = "bulk"
    kept: Annotated[float, Field(gt=0, lt=1)] = 0.01
    spectrum: RangeSettings
    background: BackgroundSettings = BackgroundSettings()
    masses: MassSettings
    signals: tuple[str, ...] = ()
    signal_width: Annotated[float, Field(gt=0, lt=0.5)] = 0.04


def declare(settings: Settings) -> Search:
    """The search: a control region, one detector for all masses, and the dijet spectrum."""
    chosen = settings.selection
    if chosen.delta_eta >= chosen.far:
        raise MaplessError(f"selection: no jets are {chosen.delta_eta:g} to {chosen.far:g} apart; raise far")
    edges = relative_edges(settings.spectrum.low, settings.spectrum.high, BIN_WIDTH).tolist()
    require_selected(edges, chosen.mjj_min, "selection.mjj_min")
    common: dict[str, Any] = {
        "mjj_min": chosen.mjj_min,
        "jet_pt_min": chosen.jet_pt_min,
        "jet_eta_max": chosen.jet_eta_max,
        "features": FEATURES,
        "images": JetImage(),
    }
    spectrum = MassSpectrum(
        "mjj",
        "mjj",
        "signal",
        tuple(edges),
        settings.background.smooth,
        SignalModel(settings.signals, settings.signal_width),
        settings.masses.values,
        title=r"$m_{jj}$ [GeV]",
    )
    cuts = {
        "bulk": Made("quantile-regression", {"efficiencies": (settings.kept,), "score": settings.loss}),
        "tail": Made("fixed-efficiency", {"efficiencies": {"kept": settings.kept}, "score": settings.loss}),
    }
    hunt = Hunt(
        "vae",
        settings.detector.made(),
        {"background": Source("control", settings.control)},
        ("mjj",),
        settings.detector.made_cut(cuts[settings.strategy]),
        learn_on=Source("signal"),
    )
    samples = [(name, "signals") for name in settings.signals]
    samples += [(settings.control, "control")] if settings.control else []
    columns = [f"jet{jet}_{name}" for jet in (1, 2) for name in OF_JETS]
    return Search(
        "vae-images",
        "Resonances decaying to two jets of unusual images",
        "variational autoencoder of jet images, CHEP 2019",
        settings.data,
        settings.table(*samples),
        {
            "signal": dijet(delta_eta_max=chosen.delta_eta, **common),
            "control": dijet_control_region(
                delta_eta_min=chosen.delta_eta, delta_eta_max=chosen.far, unbalanced=False, **common
            ),
        },
        (spectrum,),
        (hunt,),
        settings.injected(),
        figures=(
            Made("analysis.searches.dijet_prongs:DijetProngs", {"ratios": tuple(PRONGS)}),
            Made("analysis.searches.dijet_average_images:DijetAverageImages"),
            Made("analysis.searches.dijet_event_display:DijetEventDisplay"),
        ),
        features=tuple(name for name in columns if name in dijet_columns(FEATURES)),
        described={f"jet{jet}_softdrop_mass": f"soft-drop mass of jet {jet}" for jet in (1, 2)},
    )
