"""What the command line of `./run_analysis.py fit` says, and how it is read."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from errors import MaplessError
from fits.limits.mass_scan import SignalUncertainties
from fits.signals import DoubleCrystalBall, Gaussian, SignalShape

Signal = Callable[[float], SignalShape]
EXPORTS = ("hepdata", "combine", "hs3")
_ROUNDING = 1e-6


@dataclass(frozen=True)
class FitSettings:
    """What the command line says about one fit; masses and energies in GeV, luminosity in fb^-1.

    Each of the `sources`, a file or `NAME=FILE`, is one category; `shares` are the fractions of the signal
    events in them. `n_parameters` fixes the number of shape parameters instead of the F-test; `width` is the
    relative width of the signal where no `signal` file gives its shape; `expected_signal` are the events of
    the signal whose expected significance is asked for. Raises MaplessError for what does not fit together.
    """

    sources: tuple[str, ...]
    output: Path
    shares: tuple[float, ...] = ()
    background: str = "dijet"
    n_parameters: int | None = None
    signal: Path | None = None
    width: float = 0.035
    masses: tuple[float, ...] = ()
    mass_range: tuple[float, float] | None = None
    column: str | None = None
    luminosity: float | None = None
    collision_energy: float = 13000.0
    limits: bool = False
    expected_signal: float | None = None
    toys: int = 0
    uncertainties: SignalUncertainties = SignalUncertainties()
    exports: tuple[str, ...] = ()
    workers: int = 1
    seed: int = 1
    label: str = "Mapless"

    def __post_init__(self) -> None:
        unknown = [name for name in self.exports if name not in EXPORTS]
        if unknown:
            raise MaplessError(f"no export is called {unknown[0]}; there are {', '.join(EXPORTS)}")
        if not 0 < self.width < 1:
            raise MaplessError(f"a relative width of {self.width:g}; give for example 0.035")
        if self.expected_signal is not None and not 0 < self.expected_signal < np.inf:
            raise MaplessError(f"an expected signal of {self.expected_signal:g} events; give more than zero")


def read_signal(path: Path | None, width: float) -> Signal:
    """Signal shape as a function of the mass in GeV.

    From a JSON file with one double Crystal Ball, scaled to other masses, or with a list of them,
    interpolated; without a file a Gaussian whose relative width is `width`.
    """
    if path is None:
        return partial(_gaussian, width)
    try:
        stored = json.loads(path.read_text())
    except FileNotFoundError:
        raise MaplessError(f"no signal file {path}; check the path") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise MaplessError(f"signal file {path.name} is not JSON: {error}") from None
    if isinstance(stored, list):
        return DoubleCrystalBall.interpolated([DoubleCrystalBall.from_json(one) for one in stored])
    if not isinstance(stored, dict):
        raise MaplessError(f"signal file {path.name} holds neither one shape nor a list of shapes")
    shape = DoubleCrystalBall.from_json(stored)
    if shape.mass is None:
        raise MaplessError(f"signal file {path.name} gives no mass, which scaling to other masses needs")
    return shape.scaled_to


def parse_masses(text: str) -> tuple[float, ...]:
    """Masses of a scan, both ends included.

    >>> parse_masses("1800:2000:100"), parse_masses("3000")
    ((1800.0, 1900.0, 2000.0), (3000.0,))
    """
    try:
        low, high, step = (float(part) for part in text.split(":")) if ":" in text else (float(text),) * 3
    except ValueError:
        raise MaplessError(f"'{text}' is no list of masses; write LOW:HIGH:STEP in GeV") from None
    if not (0 < low <= high and step > 0):
        raise MaplessError(f"'{text}' is no list of masses; write LOW:HIGH:STEP in GeV, rising")
    return tuple((low + step * np.arange(int((high - low) / step + 1e-9) + 1)).tolist())


def parse_range(text: str | None) -> tuple[float, float] | None:
    """Two ends of a mass range in GeV, or None.

    >>> parse_range("1500:8000")
    (1500.0, 8000.0)
    """
    if text is None:
        return None
    try:
        low, high = (float(part) for part in text.split(":"))
    except ValueError:
        raise MaplessError(f"'{text}' is no mass range; write LOW:HIGH in GeV") from None
    return low, high


def parse_shares(text: str | None) -> tuple[float, ...]:
    """Fractions of the signal events in each category.

    >>> parse_shares("0.5,0.3,0.2")
    (0.5, 0.3, 0.2)
    """
    try:
        shares = tuple(float(part) for part in text.split(",")) if text else ()
    except ValueError:
        raise MaplessError(f"'{text}' are no shares; write fractions such as 0.5,0.3,0.2") from None
    if not all(share > 0 for share in shares) or sum(shares) > 1 + _ROUNDING:
        raise MaplessError(f"'{text}': shares are fractions of the signal, above zero and together at most 1")
    return shares


def parse_uncertainties(text: str | None) -> SignalUncertainties:
    """Relative uncertainties of the signal; all but scale and resolution act on the yield.

    `NAME.efficiency` acts in the category of that name only.

    >>> parse_uncertainties("scale=0.02,luminosity=0.016,tight.efficiency=0.1").yields
    (('luminosity', 0.016), ('tight.efficiency', 0.1))
    """
    if text is None:
        return SignalUncertainties()
    try:
        pairs = [part.split("=") for part in text.split(",") if part and part != "none"]
        sizes = {name.strip(): float(size) for name, size in pairs}
    except ValueError:
        raise MaplessError(f"'{text}' are no uncertainties; write scale=0.01,luminosity=0.016") from None
    if any(not 0 <= size < 1 for size in sizes.values()):
        raise MaplessError(f"'{text}': uncertainties are relative, 0.1 for 10 %")
    if any(name.endswith((".scale", ".resolution")) for name in sizes):
        raise MaplessError(f"'{text}': scale and resolution are common to all categories; leave the name out")
    scale, resolution = sizes.pop("scale", 0.0), sizes.pop("resolution", 0.0)
    return SignalUncertainties(scale, resolution, tuple(sizes.items()))


def _gaussian(width: float, mass: float) -> SignalShape:
    return Gaussian(mass, width * mass, mass=mass)
