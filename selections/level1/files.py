"""Reading level-1 events from a file of any known format."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from errors import MaplessError
from selections.level1 import hdf5, nanoaod, parquet, simulation
from selections.level1.events import Level1Events
from selections.sources.files import inspect

READERS: dict[str, Callable[..., Level1Events]] = {
    "nanoaod": nanoaod.read,
    "hdf5": hdf5.read,
    "parquet": parquet.read,
    "simulation": simulation.read,
}
SUFFIXES = {".h5": "hdf5", ".hdf5": "hdf5", ".parquet": "parquet"}


def read(
    path: str | Path,
    format: str = "auto",  # noqa: A002 - the natural word
    *,
    max_events: int | None = None,
    **choices: Any,
) -> Level1Events:
    """Level-1 events of a file, or of a folder of parquet files; at most `max_events` of them.

    The format (nanoaod, hdf5, parquet, simulation) is told from the file. Further `choices` are those of the
    reader of the format, such as `units` of `hdf5.read` and `seeds` of `nanoaod.read`.

    Raises MaplessError for a file that cannot be read, lacks objects or has the wrong number of them.
    """
    file = Path(path)
    if not file.exists():
        raise MaplessError(f"{path} does not exist; check the path")
    chosen = recognise(file) if format == "auto" else format
    if chosen not in READERS:
        raise MaplessError(f"no format {format!r} of level-1 events; choose from auto, {', '.join(READERS)}")
    events = READERS[chosen](file, max_events=max_events, **choices)
    if not len(events):
        raise MaplessError(f"{path} holds no level-1 events")
    return events


def recognise(path: Path) -> str:
    """The format of a file, by its suffix, and by its columns where ROOT made it."""
    if path.is_dir():
        return "parquet"
    if path.suffix != ".root":
        return SUFFIXES.get(path.suffix) or _unknown(path)
    found = inspect(str(path))
    if not found.n_events:
        raise MaplessError(f"{path} holds no level-1 events")
    columns = found.columns
    if columns >= simulation.COLUMNS:
        return "simulation"
    if "L1EG_pt" in columns:
        return "nanoaod"
    raise MaplessError(
        f"{path} has no level-1 objects; NanoAOD of 2022 and later has L1EG_*, L1Mu_*, L1Jet_* and L1EtSum_*"
    )


def _unknown(path: Path) -> str:
    known = ", ".join((".root", *SUFFIXES))
    raise MaplessError(f"{path} is of no known kind; level-1 events come in {known} or a folder of parquet")
