"""Signals as functions of the resonance mass, in a form that can be stored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from errors import MaplessError
from fits.signals.breit_wigner import BreitWigner
from fits.signals.double_crystal_ball import DoubleCrystalBall
from fits.signals.gaussian import Gaussian
from fits.signals.interpolation import InterpolatedSignal
from fits.signals.shape import SignalShape
from fits.signals.template import Template
from fits.spectrum import Spectrum

SignalOfMass = Callable[[float], SignalShape]


@dataclass(frozen=True)
class GaussianSignal:
    """A Gaussian with a resolution of `width` and a `natural_width` in addition, both relative to the mass.

    Raises MaplessError for a width that is not between 0 and 1.

    >>> GaussianSignal(0.035)(2000).sigma
    70.0
    """

    width: float
    natural_width: float = 0.0

    def __post_init__(self) -> None:
        _require_relative(self.width, self.natural_width or self.width)

    def __call__(self, mass: float) -> Gaussian:
        """Shape at a mass in GeV."""
        return Gaussian.of_width(mass, self.natural_width, self.width)

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return {"shape": "gaussian"} | asdict(self)


@dataclass(frozen=True)
class BreitWignerSignal:
    """A Breit-Wigner of `natural_width`, smeared by a resolution of `width`, both relative to the mass.

    Raises MaplessError for a width that is not between 0 and 1.

    >>> BreitWignerSignal(0.035, natural_width=0.1)(2000).natural_width
    200.0
    """

    width: float
    natural_width: float

    def __post_init__(self) -> None:
        _require_relative(self.width, self.natural_width)

    def __call__(self, mass: float) -> BreitWigner:
        """Shape at a mass in GeV."""
        return BreitWigner.of_width(mass, self.natural_width, self.width)

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return {"shape": "breit_wigner"} | asdict(self)


@dataclass(frozen=True)
class TemplateSignal:
    """A histogram of the masses (GeV) that a resonance of one mass is seen at, scaled to other masses.

    Raises MaplessError for edges that do not rise, for counts that are negative or none, and for a mass that
    is outside of the edges.
    """

    edges: tuple[float, ...]
    counts: tuple[float, ...]
    mass: float

    def __post_init__(self) -> None:
        if not self.edges or not self.edges[0] < self.mass < self.edges[-1]:
            raise MaplessError(f"a template that does not hold its own mass of {self.mass:g} GeV")
        self(self.mass)

    def __call__(self, mass: float) -> Template:
        """Shape at a mass in GeV."""
        edges = np.asarray(self.edges, dtype=float) * (mass / self.mass)
        return Template.of(Spectrum(edges, np.asarray(self.counts, dtype=float)), mass)

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return {"shape": "template"} | asdict(self)


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

    `content` is `{"shape": "gaussian", "width": 0.035}`, `{"shape": "breit_wigner", "width": 0.035,
    "natural_width": 0.1}`, `{"shape": "template", "edges": [...], "counts": [...], "mass": 3000}` or a stored
    double Crystal Ball, which are scaled to other masses, or a list of the last, which is interpolated.
    Raises MaplessError for anything else.

    >>> signal_from_json({"shape": "gaussian", "width": 0.035})(2000).sigma
    70.0
    """
    if isinstance(content, Mapping):
        if "shape" in content:
            return _of_width(content)
        return ScaledSignal(DoubleCrystalBall.from_json(dict(content)))
    if isinstance(content, Sequence) and content and all(isinstance(one, Mapping) for one in content):
        return InterpolatedSignal([DoubleCrystalBall.from_json(dict(one)) for one in content])
    raise MaplessError("a stored signal is neither one shape nor a list of shapes")


def _of_width(content: Mapping[str, Any]) -> SignalOfMass:
    numbers = {key: value for key, value in content.items() if key != "shape"}
    shapes = {"gaussian": GaussianSignal, "breit_wigner": BreitWignerSignal, "template": TemplateSignal}
    try:
        return shapes[content["shape"]](**numbers)
    except (KeyError, TypeError, ValueError):
        raise MaplessError(
            f"{dict(content)} is no signal; give the shape gaussian with a width, breit_wigner with a width "
            "and a natural_width, or template with edges, counts and a mass"
        ) from None


def _require_relative(*widths: float) -> None:
    wrong = [width for width in widths if not 0 < width < 1]
    if wrong:
        raise MaplessError(f"a relative width of {wrong[0]:g}; give for example 0.035")
