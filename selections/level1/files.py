"""Reading level-1 events from a file of any known format."""

from pathlib import Path

from errors import MaplessError
from selections.level1.events import Level1Events


def read(path: str | Path, format: str = "auto") -> Level1Events:  # noqa: A002 - the natural word
    """Level-1 events of a file. Formats: nanoaod, hdf5, parquet, simulation; told from the file by default.

    Raises MaplessError, one line, for a file that cannot be read or lacks objects.
    """
    raise MaplessError(f"{path}: reading {format} is not there yet")
