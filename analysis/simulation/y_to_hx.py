"""The signal of ATLAS's Y -> H + X (arXiv:2306.03637): a Higgs boson, and an X that nobody knows."""

from typing import Literal

from pydantic import Field

from analysis.simulation.new_particles import (
    BOTTOM,
    HIGGS,
    HIGGS_MASS,
    LIGHT_AND_HEAVY_QUARKS,
    Decay,
    decays,
    scalar,
)
from analysis.simulation.signals import GRAVITON, SECOND_DAUGHTER, Daughters, ResonanceSignal

DARK_QUARK, DARK_PION, DARK_RHO = 4900101, 4900111, 4900113

XDecay = Literal["two-prong", "three-prong", "heavy-flavour", "dark"]
X_DECAYS: dict[XDecay, tuple[Decay, ...]] = {
    "two-prong": LIGHT_AND_HEAVY_QUARKS[:3],
    "three-prong": tuple((1 / 3, (quark, -quark, 21)) for quark in (1, 2, 3)),
    "heavy-flavour": ((1.0, (BOTTOM, -BOTTOM)),),
    "dark": ((1.0, (DARK_QUARK, -DARK_QUARK)),),
}


class YToHX(ResonanceSignal):
    """Y -> H X: a Higgs boson to two bottom quarks, and a new particle X that decays in one of four ways.

    Dark quarks shower and form dark mesons under a force of their own; all of them decay to light quarks.
    """

    x_mass: float = Field(default=200, ge=20, description="mass of X")
    x_decay: XDecay = Field(default="two-prong", description="two-prong, three-prong, heavy-flavour or dark")
    dark_meson_mass: float = Field(default=5, ge=1, description="mass of the dark mesons")

    @property
    def daughters(self) -> Daughters:
        """The Higgs boson and X."""
        return ("x_mass", self.x_mass), ("Higgs boson mass", HIGGS_MASS)

    def pythia(self) -> list[str]:
        """Y is Pythia's excited graviton with one decay channel; X is a new particle."""
        channels = X_DECAYS[self.x_decay]
        share = sum(fraction for fraction, _ in channels)
        return [
            "ExtraDimensionsG*:gg2G* = on",
            *self.resonance_settings(GRAVITON),
            *scalar(SECOND_DAUGHTER, "Xnew", self.x_mass, [(one / share, to) for one, to in channels]),
            *decays(GRAVITON, [(1.0, (HIGGS, SECOND_DAUGHTER))]),
            *decays(HIGGS, [(1.0, (BOTTOM, -BOTTOM))]),
            *(self._dark_force() if self.x_decay == "dark" else ()),
        ]

    def _dark_force(self) -> list[str]:
        """A confining hidden valley of one flavour (arXiv:1102.3795)."""
        return [
            "HiddenValley:Ngauge = 3",
            "HiddenValley:nFlav = 1",
            "HiddenValley:FSR = on",
            "HiddenValley:fragment = on",
            "HiddenValley:alphaOrder = 1",
            f"HiddenValley:Lambda = {self.dark_meson_mass}",
            f"HiddenValley:pTminFSR = {1.1 * self.dark_meson_mass}",
            f"{DARK_QUARK}:m0 = {self.dark_meson_mass / 2}",
            *(
                line
                for meson in (DARK_PION, DARK_RHO)
                for line in (
                    f"{meson}:m0 = {self.dark_meson_mass}",
                    *decays(meson, [(1 / 3, (quark, -quark)) for quark in (1, 2, 3)]),
                )
            ),
        ]
