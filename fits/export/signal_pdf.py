"""Signal shapes as commands of RooFit's workspace factory.

Our fits know a peak up to its reach (`fits.signals.shape`) and expect nothing beyond. Shapes of RooFit have
no end, so a power-law tail that ends within a spectrum becomes a formula; a Gaussian is nothing there.
"""

from errors import MaplessError
from fits.signals import BreitWigner, DoubleCrystalBall, Gaussian, SignalShape

Bounds = tuple[float, float]
"""Lowest and highest mass of a signal, in GeV."""


def resolution(shape: SignalShape) -> float:
    """The width in GeV that the detector makes; MaplessError where RooFit has no natural one beside it."""
    if isinstance(shape, Gaussian) and shape.natural_width:
        raise MaplessError("a Gaussian with natural width has no counterpart in RooFit; use a Breit-Wigner")
    return shape.sigma


def signal_pdf(
    shape: SignalShape, name: str, mass: str, mean: str, width: str, bounds: Bounds | None = None
) -> str:
    """A shape of these variables, which ends at bounds; MaplessError for one that RooFit does not have."""
    if isinstance(shape, DoubleCrystalBall):
        if bounds:
            return f"EXPR::{name}('{_bounded(shape, mass, mean, width, bounds)}', {mass}, {mean}, {width})"
        tails = f"{shape.alpha_low!r}, {shape.n_low!r}, {shape.alpha_high!r}, {shape.n_high!r}"
        return f"RooCrystalBall::{name}({mass}, {mean}, {width}, {tails})"
    if isinstance(shape, Gaussian):
        return f"RooGaussian::{name}({mass}, {mean}, {width})"
    if isinstance(shape, BreitWigner) and not bounds:
        return f"RooVoigtian::{name}({mass}, {mean}, {shape.natural_width!r}, {width})"
    if isinstance(shape, BreitWigner):
        raise MaplessError(
            f"a Breit-Wigner that is known from {shape.reach[0]:g} to {shape.reach[1]:g} GeV, within the "
            "spectrum, has no counterpart in RooFit; take a spectrum that ends there, or another shape"
        )
    raise MaplessError(f"a {type(shape).__name__} shape cannot be exported to RooFit; fit a function to it")


def _bounded(shape: DoubleCrystalBall, mass: str, mean: str, width: str, bounds: Bounds) -> str:
    """Formula of a double Crystal Ball of height one within bounds, and zero elsewhere."""
    z = f"(({mass}-{mean})/{width})"
    core = f"TMath::Max({-shape.alpha_low!r},TMath::Min({shape.alpha_high!r},{z}))"
    low = f"(1+{shape.alpha_low / shape.n_low!r}*TMath::Max(0.,-{z}-{shape.alpha_low!r}))"
    high = f"(1+{shape.alpha_high / shape.n_high!r}*TMath::Max(0.,{z}-{shape.alpha_high!r}))"
    peak = f"exp(-0.5*pow({core},2))*pow({low},{-shape.n_low!r})*pow({high},{-shape.n_high!r})"
    return f"({mass}>{bounds[0]!r})*({mass}<{bounds[1]!r})*{peak}"
