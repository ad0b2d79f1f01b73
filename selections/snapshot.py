"""Selected columns in compact files (RNTuples), with cutflow and origin, and back into numpy arrays.

A file appears complete or not at all. Its events are in the order of run, luminosity block and event number,
which are always written: nothing made from it depends on how many threads wrote it.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from errors import MaplessError
from selections.expressions import suggestion
from selections.nodes import column_names, graph_functions
from selections.root import import_root, one_line_errors

TUPLE_NAME = "Events"
EVENT_NAME = ("run", "luminosity_block", "event")
PROVENANCE = "provenance"
# Small clusters let `selections.blocks` read few events at a time.
CLUSTER_BYTES = 2 * 2**20
_INTEGERS = (f"std::{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64))
SCALARS = frozenset(("bool", "float", "double", *_INTEGERS))


def write(source: Any, path: str | Path, columns: Sequence[str]) -> Path:
    """Write columns of events, and run, luminosity block and event number, to a file; returns its path.

    `source` is what a Selection or `open_events` gives, or a frame; its event loop runs here, once. Raises
    MaplessError for a column that is not there, before anything runs.
    """
    write_many({"": source}, {"": path}, {"": columns})
    return Path(path)


def write_many(
    sources: Mapping[Any, Any], paths: Mapping[Any, str | Path], columns: Mapping[Any, Sequence[str]]
) -> None:
    """Write several sources, such as the regions that `book` gives, as `write` does, in one event loop.

    Each source has a path and columns under its key. If the loop fails no file appears.
    """
    targets = {key: Path(paths[key]) for key in sources}
    wanted = {key: list(dict.fromkeys((*columns[key], *EVENT_NAME))) for key in sources}
    as_node = import_root().RDF.AsRNode
    frames = {key: as_node(getattr(source, "frame", source)) for key, source in sources.items()}
    for key, frame in frames.items():
        check_columns(wanted[key], column_names(frame), f"the events to write to {targets[key]}")
        targets[key].parent.mkdir(parents=True, exist_ok=True)
    beside = {
        key: path.with_name(f".{path.stem}.{os.getpid()}.partial.root") for key, path in targets.items()
    }
    failed = f"{', '.join(map(str, targets.values()))} not written, ROOT failed while it read the events"
    try:
        with one_line_errors(failed):
            booked = [
                graph_functions().snapshot(frames[key], TUPLE_NAME, str(path), wanted[key], CLUSTER_BYTES)
                for key, path in beside.items()
            ]
            for snapshot in booked:  # the first runs the loop for all
                snapshot.write()
            # ROOT closes the files only now
            del snapshot, booked
        for key, source in sources.items():
            _put_in_order(beside[key])
            _write_provenance(beside[key], {"columns": wanted[key], **_origin(source)})
        for key in sources:
            beside[key].replace(targets[key])
    finally:
        for path in beside.values():
            path.unlink(missing_ok=True)


def _put_in_order(path: Path) -> None:
    """Write the events once more if they are not in order, as several threads leave them."""
    ordered = path.with_name(f"{path.stem}.ordered.root")
    try:
        if graph_functions().sorted_copy(TUPLE_NAME, str(path), str(ordered), EVENT_NAME, CLUSTER_BYTES):
            ordered.replace(path)
    finally:
        ordered.unlink(missing_ok=True)


def read(path: str | Path, columns: Sequence[str] | None = None) -> dict[str, NDArray[Any]]:
    """Scalar columns of a file that `write` made, as arrays (n,); all of them if none are named.

    Raises MaplessError for a column that is not there, or that has many values per event.
    """
    with open_file(path) as file:
        scalars = scalar_columns(file[TUPLE_NAME])
        wanted = scalars if columns is None else list(columns)
        check_columns(wanted, scalars, f"the single values of {path}")
        arrays: dict[str, NDArray[Any]] = file[TUPLE_NAME].arrays(wanted, library="np")
    return {name: arrays[name] for name in wanted}


def provenance(path: str | Path) -> dict[str, Any]:
    """What is known about a snapshot: its columns, files and cutflow."""
    with open_file(path) as file:
        return _provenance(file)


def open_file(path: str | Path, name: str = TUPLE_NAME) -> Any:
    """A file with an RNTuple of a name as uproot opens it; raises MaplessError if it is none."""
    import uproot

    if not Path(path).is_file():
        raise MaplessError(f"{path} does not exist; check the path")
    try:
        file = uproot.open(path, array_cache=None)
    except (ValueError, OSError, uproot.DeserializationError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise MaplessError(f"{path} cannot be read ({reason}); select the events again") from None
    if name not in file:
        raise MaplessError(f"{path} holds no {name}; it is another kind of file")
    return file


def open_tuple(path: str | Path) -> Any:
    """The events of a snapshot as an RNTuple of uproot; raises MaplessError if there are none."""
    return open_file(path)[TUPLE_NAME]


def scalar_columns(events: Any) -> list[str]:
    """Columns of an RNTuple, as uproot opens it, that have one number per event."""
    return [name for name in events.keys() if events[name].typename in SCALARS]  # noqa: SIM118


def check_columns(wanted: Sequence[str], known: Iterable[str], where: str) -> None:
    """Raise MaplessError for the first wanted column that is not known."""
    names = set(known)
    for name in wanted:
        if name not in names:
            raise MaplessError(f"{name} is not among {where}{suggestion(name, names)}")


def _origin(source: Any) -> dict[str, Any]:
    """Files, losses and cutflow of the events, as far as the source knows them."""
    events = getattr(source, "events", source)
    origin: dict[str, Any] = {}
    if hasattr(events, "files"):
        lost = [{"file": lost.file, "reason": lost.reason} for lost in events.lost]
        origin = {"files": list(events.files), "lost": lost, "notes": dict(events.notes)}
    if hasattr(source, "cutflow"):
        origin |= {"selection": source.description, "cutflow": source.cutflow().to_dict()}
    return origin


def _write_provenance(path: Path, content: Mapping[str, Any]) -> None:
    root = import_root()
    file = root.TFile.Open(str(path), "UPDATE")
    file.WriteTObject(root.TNamed(PROVENANCE, json.dumps(content)))
    file.Close()


def _provenance(file: Any) -> dict[str, Any]:
    if PROVENANCE not in file:
        return {}
    content: dict[str, Any] = json.loads(file[PROVENANCE].member("fTitle"))
    return content
