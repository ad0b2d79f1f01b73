"""All background families by name, for command lines and configuration files."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from errors import MaplessError
from fits.backgrounds.atlas import AtlasDijet, AtlasUA2
from fits.backgrounds.families import (
    UA2,
    CollisionBackground,
    Dijet,
    ExtendedDijet,
    LogLinearBackground,
    ModifiedDijet,
    ModifiedExponential,
)


@dataclass(frozen=True)
class _Entry:
    family: type[Any]
    sizes: tuple[int, ...]  # numbers of shape parameters, simplest first
    usual: int


_CATALOGUE = {
    "dijet": _Entry(Dijet, (2, 3, 4, 5), 3),
    "modified_dijet": _Entry(ModifiedDijet, (2, 3, 4, 5), 3),
    "extended_dijet": _Entry(ExtendedDijet, (4, 5, 6), 4),
    "modified_exponential": _Entry(ModifiedExponential, (2, 3, 4), 3),
    "ua2": _Entry(UA2, (2, 3, 4), 3),
    "atlas": _Entry(AtlasDijet, (2, 3), 3),
    "atlas_ua2": _Entry(AtlasUA2, (3,), 3),
}
BACKGROUND_NAMES = tuple(_CATALOGUE)


def background(
    name: str, n_parameters: int | None = None, collision_energy: float = 13000.0
) -> LogLinearBackground:
    """Background with `n_parameters` shape parameters (default: the usual number), collision energy in GeV.

    Raises MaplessError for an unknown name or number of parameters.

    >>> background("dijet", n_parameters=3).name
    'dijet, 3 parameters'
    """
    entry = _entry(name)
    return entry.family(entry.usual if n_parameters is None else n_parameters, collision_energy)


def background_family(name: str, collision_energy: float = 13000.0) -> tuple[LogLinearBackground, ...]:
    """All backgrounds of a name, simplest first, as `choose_background` takes them.

    >>> [member.name for member in background_family("ua2")]
    ['UA2, 2 parameters', 'UA2, 3 parameters', 'UA2, 4 parameters']
    """
    return tuple(background(name, size, collision_energy) for size in _entry(name).sizes)


def background_to_json(background: LogLinearBackground) -> dict[str, Any]:
    """Plain types from which `background_from_json` makes the function again, collision energy in GeV.

    Raises MaplessError for a function that is not in the catalogue.

    >>> background_to_json(Dijet(3))
    {'family': 'dijet', 'n_parameters': 3, 'collision_energy': 13000.0}
    """
    names = [name for name, entry in _CATALOGUE.items() if type(background) is entry.family]
    if not names or not isinstance(background, CollisionBackground):
        raise MaplessError(f"{background.name} is not in the catalogue of backgrounds and cannot be stored")
    return {"family": names[0]} | asdict(background)


def background_from_json(stored: Mapping[str, Any]) -> LogLinearBackground:
    """The function that `background_to_json` has stored; MaplessError for an unknown name."""
    numbers = {key: tuple(n) if isinstance(n, list) else n for key, n in stored.items() if key != "family"}
    return _entry(stored["family"]).family(**numbers)


def _entry(name: str) -> _Entry:
    if name not in _CATALOGUE:
        raise MaplessError(f"no background is called {name}; there are {', '.join(BACKGROUND_NAMES)}")
    return _CATALOGUE[name]
