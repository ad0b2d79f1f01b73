"""Signals as functions of the resonance mass, in a form that can be stored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from errors import MaplessError
from fits.signals.double_crystal_ball import DoubleCrystalBall
from fits.signals.gaussian import Gaussian
from fits.signals.interpolation import InterpolatedSignal
from fits.signals.shape import SignalShape

SignalOfMass = Callable[[float], SignalShape]


@dataclass(frozen=True)
class GaussianSignal:
    """A Gaussian whose standard deviation is `width` times the mass; MaplessError unless it is in 0 to 1.

    >>> GaussianSignal(0.035)(2000).sigma
    70.0
    """

    width: float

    def __post_init__(self) -> None:
        if not 0 < self.width < 1:
            raise MaplessError(f"a relative width of {self.width:g}; give for example 0.035")

    def __call__(self, mass: float) -> Gaussian:
        """Shape at a mass in GeV."""
        return Gaussian(mass, self.width * mass, mass=mass)

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return {"shape": "gaussian", "width": self.width}


@dataclass(frozen=True)
class ScaledSignal:
    """A shape known at one mass, scaled to others; MaplessError if it does not know its mass."""

    shape: DoubleCrystalBall

    def __post_init__(self) -> None:
        if self.shape.mass is None:
            raise MaplessError("a signal shape without its mass cannot be scaled to others; give it a mass")

    def __call__(self, mass: float) -> DoubleCrystalBall:
        """Shape at a mass in GeV."""
        return self.shape.scaled_to(mass)

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return self.shape.to_json()


@runtime_checkable
class _Storable(Protocol):
    def to_json(self) -> Any: ...


def signal_to_json(signal: SignalOfMass) -> Any:
    """Plain types that `signal_from_json` reads; None for a function that has no such form."""
    return signal.to_json() if isinstance(signal, _Storable) else None


def signal_from_json(content: Any) -> SignalOfMass:
    """Signal shape as a function of the mass in GeV.

    `content` is `{"shape": "gaussian", "width": 0.035}`, a stored double Crystal Ball, which is scaled to
    other masses, or a list of them, which is interpolated. Raises MaplessError for anything else.

    >>> signal_from_json({"shape": "gaussian", "width": 0.035})(2000).sigma
    70.0
    """
    if isinstance(content, Mapping):
        if content.get("shape") == "gaussian" and isinstance(content.get("width"), int | float):
            return GaussianSignal(content["width"])
        return ScaledSignal(DoubleCrystalBall.from_json(dict(content)))
    if isinstance(content, Sequence) and content and all(isinstance(one, Mapping) for one in content):
        return InterpolatedSignal([DoubleCrystalBall.from_json(dict(one)) for one in content])
    raise MaplessError("a stored signal is neither one shape nor a list of shapes")
