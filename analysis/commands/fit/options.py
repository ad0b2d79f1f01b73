"""What the command line of `./run_analysis.py fit` says, and how it is read."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from errors import MaplessError
from fits.limits.mass_scan import SignalUncertainties
from fits.mass_points import mass_points
from fits.resonance_search import ResonanceSettings

_ROUNDING = 1e-6


@dataclass(frozen=True)
class FitOptions:
    """What the command line says about inputs and outputs; `settings` makes of masses what to do with them.

    Each of the `sources`, a file or `NAME=FILE`, is one category; `shares` are the fractions of the signal
    events in them. `width` is the relative width of the signal where no `signal` file gives its shape;
    `masses` in GeV, those that spectra have room for if None; luminosity in fb^-1.
    """

    sources: tuple[str, ...]
    output: Path
    settings: Callable[[tuple[float, ...]], ResonanceSettings]
    masses: tuple[float, ...] | None = None
    shares: tuple[float, ...] = ()
    signal: Path | None = None
    width: float = 0.035
    mass_range: tuple[float, float] | None = None
    column: str | None = None
    edge_columns: tuple[str, str] | None = None
    luminosity: float | None = None
    unbinned: bool = False
    label: str = "Mapless"


def check_finite(**options: float | None) -> None:
    """Raise MaplessError for an option that is neither left out nor a number above zero."""
    for name, value in options.items():
        if value is not None and not 0 < value < math.inf:
            raise MaplessError(f"--{name.replace('_', '-')} {value:g}: give a finite number above zero")


def parse_masses(text: str) -> tuple[float, ...]:
    """Masses of a scan, both ends included.

    >>> parse_masses("1800:2000:100"), parse_masses("3000")
    ((1800.0, 1900.0, 2000.0), (3000.0,))
    """
    try:
        low, high, step = (float(part) for part in text.split(":")) if ":" in text else (float(text),) * 3
    except ValueError:
        raise MaplessError(f"'{text}' is no list of masses; write LOW:HIGH:STEP in GeV") from None
    try:
        return mass_points(low, high, step)
    except MaplessError as error:
        raise MaplessError(f"--scan '{text}': {error}; write LOW:HIGH:STEP in GeV") from None


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
        raise MaplessError(f"--range '{text}' is no mass range; write LOW:HIGH in GeV") from None
    if not (0 <= low < high < math.inf):
        raise MaplessError(f"--range '{text}' does not rise; write LOW:HIGH in GeV")
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
    if "" in sizes:
        raise MaplessError(f"'{text}': an uncertainty has no name; write scale=0.01,luminosity=0.016")
    if any(not 0 <= size < 1 for size in sizes.values()):
        raise MaplessError(f"'{text}': uncertainties are relative, 0.1 for 10 %")
    if any(name.endswith((".scale", ".resolution")) for name in sizes):
        raise MaplessError(f"'{text}': scale and resolution are common to all categories; leave the name out")
    scale, resolution = sizes.pop("scale", 0.0), sizes.pop("resolution", 0.0)
    return SignalUncertainties(scale, resolution, tuple(sizes.items()))
