"""Randall-Sundrum gravitons that decay to two heavy particles of the Standard Model."""

from analysis.simulation.new_particles import TOP, TOP_MASS, W_BOSON, W_MASS, decays
from analysis.simulation.signals import GRAVITON, Daughters, ResonanceSignal


class GravitonToTops(ResonanceSignal):
    """G -> t t: three and three prongs."""

    @property
    def daughters(self) -> Daughters:
        """Two top quarks."""
        return (("top quark mass", TOP_MASS),) * 2

    def pythia(self) -> list[str]:
        """G is Pythia's excited graviton with one decay channel."""
        settings = self.resonance_settings(GRAVITON)
        return ["ExtraDimensionsG*:gg2G* = on", *settings, *decays(GRAVITON, [(1.0, (TOP, -TOP))])]


class GravitonToWBosons(ResonanceSignal):
    """G -> W W: two and two prongs."""

    @property
    def daughters(self) -> Daughters:
        """Two W bosons."""
        return (("W boson mass", W_MASS),) * 2

    def pythia(self) -> list[str]:
        """G is Pythia's excited graviton with one decay channel."""
        settings = self.resonance_settings(GRAVITON)
        return ["ExtraDimensionsG*:gg2G* = on", *settings, *decays(GRAVITON, [(1.0, (W_BOSON, -W_BOSON))])]
