"""ATLAS search for resonances of a jet and something else in events with a lepton (arXiv:2307.01612).

An autoencoder learns from a small share of the data what rapidity-mass matrices are like, without the nine
masses of leading objects. Those masses are searched among the events that it rebuilds worst, in three regions
that are defined by their rates, so that no region needs simulation.
"""

from typing import Annotated, Literal

from pydantic import Field

from analysis.engine.settings import Name
from analysis.engine.units import Energy
from analysis.search import Hunt, MassSpectrum, Search, SignalModel
from analysis.search_settings import (
    BackgroundSettings,
    DetectorSettings,
    MassSettings,
    RangeSettings,
    SearchSettings,
)
from analysis.source import Source
from errors import MaplessError
from fits.spectrum import relative_edges
from models.made import Made
from selections.leptons import jet_and_lepton
from selections.rapidity_mass_matrix import INPUTS

RATES = {"10pb": 10.0, "1pb": 1.0, "0.1pb": 0.1}
"""Of the three regions, in pb."""
TITLES = {"j": "j", "b": "b", "e": "e", "mu": r"\mu", "gamma": r"\gamma"}
Pair = Literal["jj", "jb", "je", "jmu", "jgamma", "bb", "be", "bmu", "bgamma"]


Width = Annotated[float, Field(gt=0, le=0.15)]


class SpectrumSettings(RangeSettings):
    """Range of a spectrum, and the masses in it (GeV) at which a resonance is looked for."""

    masses: MassSettings


class Settings(SearchSettings):
    """Settings of the search.

    `spectra` are those of the nine that are searched, with bins of relative `bin_width`. `rates` (pb) define
    the regions; a resonance is a Gaussian of relative `signal_width` (ATLAS: 0 to 15 %), or of several, for
    each of which there is a spectrum.
    """

    lepton_pt_min: Annotated[Energy, Field(gt=0)] = 60.0
    detectors: dict[Name, DetectorSettings]
    rates: Annotated[dict[Name, Annotated[float, Field(gt=0)]], Field(min_length=1)] = RATES
    spectra: Annotated[dict[Pair, SpectrumSettings], Field(min_length=1)]
    bin_width: Annotated[float, Field(gt=0, lt=0.5)] = 0.03
    background: BackgroundSettings = BackgroundSettings(family="dijet", parameters=(4,))
    signal_width: Width | Annotated[tuple[Width, ...], Field(min_length=1)] = 0.03

    @property
    def widths(self) -> tuple[float, ...]:
        """All widths of a resonance, each once."""
        given = self.signal_width if isinstance(self.signal_width, tuple) else (self.signal_width,)
        return tuple(dict.fromkeys(given))


def declare(settings: Settings) -> Search:
    """The search: one autoencoder for all masses, regions by their rates, and nine spectra in each."""
    samples = settings.table()
    luminosity = samples[settings.data].luminosity
    if not luminosity:
        raise MaplessError(f"rates need the luminosity of {settings.data}; add it to its sample")
    numbers = {name: 1000 * rate * luminosity for name, rate in settings.rates.items()}
    spectra = tuple(
        _spectrum(pair, one, width, settings)
        for pair, one in settings.spectra.items()
        for width in settings.widths
    )
    hunts = tuple(
        Hunt(
            name,
            detector=detector.made(inputs=INPUTS),
            training={"events": Source("signal")},
            spectra=tuple(one.name for one in spectra),
            cut=detector.made_cut(Made("highest-scores", {"numbers": numbers})),
            learn_on=Source("signal"),
        )
        for name, detector in settings.detectors.items()
    )
    return Search(
        "atlas-jet-x",
        "Resonances of a jet and something else in anomalous events with a lepton",
        "ATLAS, arXiv:2307.01612",
        settings.data,
        samples,
        {"signal": jet_and_lepton(lepton_pt_min=settings.lepton_pt_min)},
        spectra,
        hunts,
        settings.injected(),
    )


def _spectrum(pair: str, chosen: SpectrumSettings, width: float, settings: Settings) -> MassSpectrum:
    return MassSpectrum(
        f"m_{pair}" if len(settings.widths) == 1 else f"m_{pair}-width_{width:g}",
        f"m_{pair}",
        "signal",
        tuple(relative_edges(chosen.low, chosen.high, settings.bin_width).tolist()),
        settings.background.smooth,
        SignalModel(width=width),
        chosen.masses.values,
        title=rf"$m_{{{TITLES[pair[0]]}{TITLES[pair[1:]]}}}$ [GeV]",
        inclusive=False,
    )
