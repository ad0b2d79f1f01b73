"""ATLAS search for Y -> H X with a generic X (arXiv:2306.03637): a Higgs boson, and any jet that is unusual.

A variational recurrent network learns from all jets of the data. The Higgs candidate has a b tag and the mass
of a Higgs boson; the other jet is X. In overlapping windows of the mass of X the mass of both is hunted for
a bump, above a background that events without a tag give, weighted as the sidebands of the Higgs mass teach.
"""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from analysis.engine.settings import Settings as Part
from analysis.engine.units import Energy
from analysis.mass_grid import MassGrid, TaggedBackground, overlapping_windows
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
from analysis.source import Source
from fits.spectrum import relative_edges
from models.made import Made
from models.window import Window
from selections.higgs_candidate import higgs_and_other_jet
from selections.steps import Cut

JETS = ("higgs_constituent", "x_constituent")
TITLES = (r"$m_X$ [GeV]", r"$m_Y$ [GeV]")
COLUMNS = ("x_softdrop_mass", "mjj")
FEATURES = ("higgs_pt", "higgs_softdrop_mass", "x_pt", "x_softdrop_mass", "delta_eta")
"""What the ratio of tagged to other events may depend on."""


class SelectionSettings(OwnSelection):
    """Two large jets (GeV), the harder one above `leading_pt_min`."""

    mjj_min: Annotated[Energy, Field(gt=0)] = 1300.0
    leading_pt_min: Annotated[Energy, Field(gt=0)] = 500.0
    jet_pt_min: Annotated[Energy, Field(gt=0)] = 200.0


class HiggsSettings(Part):
    """The Higgs candidate: its b tag, its mass (GeV), and the sidebands that the background is learnt in."""

    b_tag: Annotated[float, Field(gt=0, lt=1)] = 0.6
    mass: tuple[Energy, Energy] = (75.0, 145.0)
    low_sideband: tuple[Energy, Energy] = (50.0, 75.0)
    high_sideband: tuple[Energy, Energy] = (145.0, 200.0)

    @property
    def window(self) -> Window:
        """Window in the mass of the candidate."""
        return Window("higgs", "higgs_softdrop_mass", *self.mass, self.low_sideband, self.high_sideband)


class GridSettings(RangeSettings):
    """Windows in m_X of relative `width` from `low` to `high` (GeV), each half over its neighbours.

    `replicas` of the background give its uncertainty.
    """

    width: Annotated[float, Field(gt=0, lt=1)] = 0.25
    replicas: Annotated[int, Field(ge=2)] = 100


class Settings(SearchSettings):
    """Settings of the search.

    The events of the grid `anomaly` have a score above `anomaly_score`, those of `merged` an X with two
    prongs in one jet: tau21 below `merged`. Spectra in m_Y have bins of relative `bin_width`; a smooth
    `background` is fitted to that of all Higgs candidates, where a resonance is a Gaussian of relative
    `signal_width`.
    """

    selection: SelectionSettings = SelectionSettings()
    higgs: HiggsSettings = HiggsSettings()
    detector: DetectorSettings
    anomaly_score: Annotated[float, Field(gt=-1, lt=1)] = 0.5
    merged: Annotated[float, Field(gt=0, le=1)] = 0.4
    grid: GridSettings
    spectrum: RangeSettings
    bin_width: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    background: BackgroundSettings = BackgroundSettings()
    masses: MassSettings
    signal_width: Annotated[float, Field(gt=0, lt=0.5)] = 0.05


def declare(settings: Settings) -> Search:
    """The search: one network for all jets, the spectrum of Higgs candidates, and two grids."""
    chosen, higgs = settings.selection, settings.higgs
    edges = tuple(relative_edges(settings.spectrum.low, settings.spectrum.high, settings.bin_width).tolist())
    require_selected(edges, chosen.mjj_min, "selection.mjj_min")
    jets = higgs_and_other_jet(
        mjj_min=chosen.mjj_min, leading_pt_min=chosen.leading_pt_min, jet_pt_min=chosen.jet_pt_min
    )
    low, high = higgs.mass
    candidates = jets.refine(
        "higgs",
        Cut(f"higgs_b_tag > {higgs.b_tag}", f"Higgs candidate, b tag > {higgs.b_tag:g}"),
        Cut(
            f"higgs_softdrop_mass >= {low} && higgs_softdrop_mass < {high}",
            f"its mass is {low:g} to {high:g} GeV",
        ),
    )
    spectrum = MassSpectrum(
        "m_Y",
        "mjj",
        "higgs",
        edges,
        settings.background.smooth,
        SignalModel(width=settings.signal_width),
        settings.masses.values,
        title=TITLES[1],
    )
    hunt = Hunt(
        "anomaly",
        settings.detector.made(jets=JETS, scored="x_constituent"),
        {"events": Source("jets")},
        ("m_Y",),
        settings.detector.made_cut(Made("score-above", {"thresholds": {"anomaly": settings.anomaly_score}})),
        learn_on=Source("jets"),
    )
    grid = MassGrid(
        "anomaly",
        "jets",
        COLUMNS,
        TITLES,
        overlapping_windows(settings.grid.low, settings.grid.high, settings.grid.width),
        edges,
        TaggedBackground("higgs_b_tag", higgs.b_tag, higgs.window, FEATURES, settings.grid.replicas),
        hunt="anomaly",
        category="anomaly",
    )
    two_prongs = {"x_tau21": (0.0, settings.merged)}
    return Search(
        "atlas-higgs-x",
        "Resonances decaying to a Higgs boson and an unusual jet",
        "ATLAS, arXiv:2306.03637",
        settings.data,
        settings.table(),
        {"higgs": candidates, "jets": jets},
        (spectrum,),
        (hunt,),
        settings.injected(),
        features=("x_softdrop_mass", "x_pt", "x_tau21", "x_tau32"),
        grids=(grid, replace(grid, name="merged", hunt="", category="", conditions=two_prongs)),
    )
