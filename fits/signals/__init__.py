"""Resonance shapes in the dijet mass: each is normalised, and can be shifted and widened."""

from fits.signals.breit_wigner import BreitWigner
from fits.signals.double_crystal_ball import DoubleCrystalBall
from fits.signals.gaussian import Gaussian
from fits.signals.interpolation import InterpolatedSignal
from fits.signals.shape import SignalShape
from fits.signals.signal_of_mass import (
    BreitWignerSignal,
    GaussianSignal,
    ScaledSignal,
    SignalOfMass,
    TemplateSignal,
    signal_from_json,
    signal_to_json,
)
from fits.signals.template import Template

__all__ = [
    "BreitWigner",
    "BreitWignerSignal",
    "DoubleCrystalBall",
    "Gaussian",
    "GaussianSignal",
    "InterpolatedSignal",
    "ScaledSignal",
    "SignalOfMass",
    "SignalShape",
    "Template",
    "TemplateSignal",
    "signal_from_json",
    "signal_to_json",
]
