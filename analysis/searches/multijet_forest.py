"""Search for resonances in two and three jets: an isolation forest and three categories by its score.

The forest learns what QCD events are like where the two leading jets are far apart in pseudorapidity, and
scores events where they are close, as the autoencoder of CMS EXO-22-026 (arXiv:2412.03747) does. Cuts on the
score follow the dijet mass, so that they do not sculpt it. An example of a search without mass windows, with
several spectra, and with exclusive categories that are fitted together.
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
)
from analysis.source import Source
from fits.spectrum import relative_edges
from models.made import Made
from selections.multijet import multijet, multijet_control_region

FEATURES = tuple(f"jet{jet}_{name}" for jet in (1, 2) for name in ("softdrop_mass", "tau21"))
"""What the forest sees of an event: both leading jets."""
EFFICIENCIES = (0.01, 0.05, 0.10)
"""Ends of the three categories: 0-1 %, 1-5 % and 5-10 % of the background at any dijet mass."""
RESOLUTION = 0.01  # width of a bin over its mass


class SpectrumSettings(RangeSettings):
    """Range of a spectrum, mass hypotheses in it (GeV), and what the resonance looks like.

    `signals` are the samples that give its shape; without any it is a Gaussian of relative `signal_width`.
    """

    masses: MassSettings
    signals: tuple[str, ...] = ()
    signal_width: Annotated[float, Field(gt=0, lt=0.5)] = 0.05


class Settings(SearchSettings):
    """Settings of the search."""

    detectors: dict[Name, DetectorSettings]
    dijet: SpectrumSettings
    trijet: SpectrumSettings
    background: BackgroundSettings = BackgroundSettings()


def declare(settings: Settings) -> Search:
    """The search: one forest for all masses, and its three categories in the masses of two and three jets."""
    titles = {"mjj": r"$m_{jj}$ [GeV]", "mjjj": r"$m_{jjj}$ [GeV]"}
    spectra = tuple(
        MassSpectrum(
            name,
            name,
            "signal",
            tuple(relative_edges(one.low, one.high, RESOLUTION).tolist()),
            settings.background.smooth,
            SignalModel(one.signals, one.signal_width),
            one.masses.values,
            title=titles[name],
        )
        for name, one in (("mjj", settings.dijet), ("mjjj", settings.trijet))
    )
    hunts = tuple(
        Hunt(
            name,
            detector=detector.made(features=FEATURES),
            training={"background": Source("control")},
            spectra=tuple(titles),
            cut=detector.made_cut(Made("quantile-regression", {"efficiencies": EFFICIENCIES})),
            learn_on=Source("signal"),
            search="together",
            limits="together",
        )
        for name, detector in settings.detectors.items()
    )
    return Search(
        "multijet-forest",
        "Resonances in two and three jets of unusual events",
        "isolation forest, arXiv:2412.03747 for the regions and the cuts",
        settings.data,
        settings.table(*((name, "signals") for name in (*settings.dijet.signals, *settings.trijet.signals))),
        {"signal": multijet(), "control": multijet_control_region()},
        spectra,
        hunts,
        settings.injected(),
        figures=(
            Made(
                "analysis.report.compared_columns:ComparedColumns",
                {
                    "compared": {
                        "jet1_softdrop_mass": ("Soft-drop mass of the leading jet [GeV]", 0.0, 600.0),
                        "jet2_softdrop_mass": ("Soft-drop mass of the second jet [GeV]", 0.0, 600.0),
                        "jet1_tau21": (r"$\tau_{21}$ of the leading jet", 0.0, 1.0),
                        "jet2_tau21": (r"$\tau_{21}$ of the second jet", 0.0, 1.0),
                    }
                },
            ),
        ),
    )
