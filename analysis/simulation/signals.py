"""Signals of dijet searches: a narrow resonance and its two daughters, from one to six prongs each.

The seven families of CMS EXO-22-026 (arXiv:2412.03747).
Resonances of spin 2 decay isotropically to new particles; the cross sections are only tags. Top quarks, W and
Z bosons decay to all that they can.
"""

from abc import abstractmethod
from typing import Self

from pydantic import Field, model_validator

from analysis.simulation.new_particles import (
    BOTTOM,
    BOTTOM_MASS,
    TOP,
    TOP_MASS,
    W_BOSON,
    W_MASS,
    Z_BOSON,
    Z_DECAYS,
    Z_MASS,
    charged_vector,
    decays,
    narrow_width,
    resonance,
    scalar,
)
from analysis.simulation.processes import DijetProcess

Daughters = tuple[tuple[str, float], ...]
"""Names and masses of what a resonance decays to."""

GRAVITON, W_PRIME, Z_PRIME, B_PRIME, T_PRIME = 5100039, 34, 32, 7, 8
DOWN_STAR, UP_STAR = 4000001, 4000002
FIRST_DAUGHTER, SECOND_DAUGHTER, CHARGED_DAUGHTER = 9000001, 9000002, 9000034


class ResonanceSignal(DijetProcess):
    """A narrow resonance that decays to two daughters (masses in GeV)."""

    resonance_mass: float = Field(default=3000, gt=0, description="mass of the resonance")
    relative_width: float = Field(default=0.01, gt=0, lt=0.3, description="its width over its mass")

    @property
    @abstractmethod
    def daughters(self) -> Daughters:
        """The two daughters."""

    @model_validator(mode="after")
    def decay_is_open(self) -> Self:
        """The resonance must be heavier than what it decays to."""
        names, masses = zip(*self.daughters, strict=True)
        if sum(masses) >= self.resonance_mass:
            raise ValueError(f"resonance_mass must be above {' + '.join(names)}")
        return self

    def resonance_settings(self, code: int) -> list[str]:
        """The mass and the width of Pythia's particle that plays the resonance."""
        return resonance(code, self.resonance_mass, self.relative_width * self.resonance_mass)


class ExcitedQuark(ResonanceSignal):
    """Q* -> q W' with W' to two quarks: one and two prongs."""

    w_prime_mass: float = Field(default=80, ge=10, description="mass of W'")

    @property
    def daughters(self) -> Daughters:
        """A light quark weighs nothing."""
        return (("w_prime_mass", self.w_prime_mass),)

    def pythia(self) -> list[str]:
        """Excited down and up quarks made of a quark and a gluon."""
        return [
            "ExcitedFermion:dg2dStar = on",
            "ExcitedFermion:ug2uStar = on",
            *self.resonance_settings(DOWN_STAR),
            *self.resonance_settings(UP_STAR),
            *charged_vector(CHARGED_DAUGHTER, "Wp", self.w_prime_mass, [(0.5, (2, -1)), (0.5, (4, -3))]),
            *decays(DOWN_STAR, [(1.0, (2, -CHARGED_DAUGHTER))]),
            *decays(UP_STAR, [(1.0, (1, CHARGED_DAUGHTER))]),
        ]


class XToYY(ResonanceSignal):
    """X -> Y Y' -> 4 quarks, flavours u d s c b alike: two and two prongs."""

    y_mass: float = Field(default=170, gt=0, description="mass of Y")
    y_prime_mass: float = Field(default=170, gt=0, description="mass of Y'")

    @property
    def daughters(self) -> Daughters:
        """The two scalars."""
        return ("y_mass", self.y_mass), ("y_prime_mass", self.y_prime_mass)

    def pythia(self) -> list[str]:
        """X is Pythia's excited graviton with one decay channel; Y and Y' are new particles."""
        return [
            "ExtraDimensionsG*:gg2G* = on",
            *self.resonance_settings(GRAVITON),
            *scalar(FIRST_DAUGHTER, "Y", self.y_mass),
            *scalar(SECOND_DAUGHTER, "Yprime", self.y_prime_mass),
            *decays(GRAVITON, [(1.0, (FIRST_DAUGHTER, SECOND_DAUGHTER))]),
        ]


class WPrimeToBPrime(ResonanceSignal):
    """W' -> B' t with B' -> b Z: three and three prongs."""

    b_prime_mass: float = Field(default=400, ge=20, description="mass of B'")

    @property
    def daughters(self) -> Daughters:
        """The heavy quark and the top quark."""
        return ("b_prime_mass", self.b_prime_mass), ("top quark mass", TOP_MASS)

    def pythia(self) -> list[str]:
        """Where B' is too light for a Z boson, the Z is virtual, and all three decay products fly apart."""
        has_z_boson = self.b_prime_mass > Z_MASS + BOTTOM_MASS + 1
        through_z = [(share, (BOTTOM, *products)) for share, products in Z_DECAYS]
        return [
            "NewGaugeBoson:ffbar2Wprime = on",
            *self.resonance_settings(W_PRIME),
            *resonance(B_PRIME, self.b_prime_mass, narrow_width(self.b_prime_mass)),
            *decays(W_PRIME, [(1.0, (TOP, -B_PRIME))]),
            *decays(B_PRIME, [(1.0, (BOTTOM, Z_BOSON))] if has_z_boson else through_z),
        ]


class WKKToRadion(ResonanceSignal):
    """W_KK -> R W with R -> W W: four and two prongs."""

    radion_mass: float = Field(default=400, gt=2 * W_MASS + 5, description="mass of the radion R")

    @property
    def daughters(self) -> Daughters:
        """The radion and the W boson."""
        return ("radion_mass", self.radion_mass), ("W boson mass", W_MASS)

    def pythia(self) -> list[str]:
        """The Kaluza-Klein W is Pythia's W'."""
        return [
            "NewGaugeBoson:ffbar2Wprime = on",
            *self.resonance_settings(W_PRIME),
            *scalar(FIRST_DAUGHTER, "R", self.radion_mass, [(1.0, (W_BOSON, -W_BOSON))]),
            *decays(W_PRIME, [(1.0, (W_BOSON, FIRST_DAUGHTER))]),
        ]


class XToYH(ResonanceSignal):
    """X -> Y H with both to W W: four and four prongs."""

    y_mass: float = Field(default=170, gt=2 * W_MASS + 5, description="mass of Y")
    h_mass: float = Field(default=400, gt=2 * W_MASS + 5, description="mass of H")

    @property
    def daughters(self) -> Daughters:
        """The two scalars."""
        return ("y_mass", self.y_mass), ("h_mass", self.h_mass)

    def pythia(self) -> list[str]:
        """X is Pythia's excited graviton with one decay channel; Y and H are new particles."""
        return [
            "ExtraDimensionsG*:gg2G* = on",
            *self.resonance_settings(GRAVITON),
            *scalar(FIRST_DAUGHTER, "Y", self.y_mass, [(1.0, (W_BOSON, -W_BOSON))]),
            *scalar(SECOND_DAUGHTER, "Hprime", self.h_mass, [(1.0, (W_BOSON, -W_BOSON))]),
            *decays(GRAVITON, [(1.0, (FIRST_DAUGHTER, SECOND_DAUGHTER))]),
        ]


class ZPrimeToTPrimes(ResonanceSignal):
    """Z' -> T' T' with T' -> t Z: five and five prongs."""

    t_prime_mass: float = Field(default=400, gt=TOP_MASS + Z_MASS + 5, description="mass of T'")

    @property
    def daughters(self) -> Daughters:
        """The heavy quark, twice."""
        return ("t_prime_mass", self.t_prime_mass), ("t_prime_mass", self.t_prime_mass)

    def pythia(self) -> list[str]:
        """The Z' couples to a fourth generation, without interference."""
        return [
            "NewGaugeBoson:ffbar2gmZZprime = on",
            "Zprime:gmZmode = 3",
            "Zprime:coup2gen4 = on",
            *self.resonance_settings(Z_PRIME),
            *resonance(T_PRIME, self.t_prime_mass, narrow_width(self.t_prime_mass)),
            f"{Z_PRIME}:onMode = off",
            f"{Z_PRIME}:onIfAny = {T_PRIME}",
            *decays(T_PRIME, [(1.0, (TOP, Z_BOSON))]),
        ]


class GravitonToHiggses(ResonanceSignal):
    """Y -> H H with H to two top quarks: six and six prongs."""

    h_mass: float = Field(default=400, gt=2 * TOP_MASS + 5, description="mass of H")

    @property
    def daughters(self) -> Daughters:
        """The scalar, twice."""
        return ("h_mass", self.h_mass), ("h_mass", self.h_mass)

    def pythia(self) -> list[str]:
        """Y is Pythia's excited graviton with one decay channel; H is a new particle."""
        return [
            "ExtraDimensionsG*:gg2G* = on",
            *self.resonance_settings(GRAVITON),
            *scalar(FIRST_DAUGHTER, "Hprime", self.h_mass, [(1.0, (TOP, -TOP))]),
            *decays(GRAVITON, [(1.0, (FIRST_DAUGHTER, FIRST_DAUGHTER))]),
        ]
