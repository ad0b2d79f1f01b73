"""What a conversion starts from: which files need one, and the jets to make of particles."""

from dataclasses import dataclass
from pathlib import Path, PurePath

FOREIGN = (".h5", ".hdf5", ".npy")
"""Endings of files that ROOT does not read, and that say themselves what they hold."""


@dataclass(frozen=True)
class JetDefinition:
    """The jets to make of files that hold particles alone: radius, and the trimmed share of momentum."""

    radius: float = 1.0
    trimming_fraction: float = 0.0


def is_foreign(file: Path | str) -> bool:
    """Whether a file has to be converted before a search can read it."""
    return PurePath(str(file).partition("?")[0]).suffix in FOREIGN
