"""Selected columns in compact files (RNTuples), with cutflow and origin, and back into numpy arrays.

A file appears complete or not at all. Its events are in the order of run, luminosity block and event number,
which are always written: nothing made from it depends on how many threads wrote it.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from errors import MaplessError
from selections.expressions import suggestion
from selections.headers import graph_functions
from selections.nodes import column_names
from selections.reading import watched_loop
from selections.root import import_root

TUPLE_NAME = "Events"
EVENT_NAME = ("run", "luminosity_block", "event")
PROVENANCE = "provenance"
# Small clusters let `selections.blocks` read few events at a time.
CLUSTER_BYTES = 2 * 2**20
_INTEGERS = (f"std::{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64))
SCALARS = frozenset(("bool", "float", "double", *_INTEGERS))


def write(source: Any, path: str | Path, columns: Sequence[str]) -> Path:
    """Write columns of events, and run, luminosity block and event number, to a file; returns its path.

    `source` is what a Selection or `open_events` gives, or a frame, or a list of these whose events become
    one file; its event loop runs here, once. Raises MaplessError for a column that is not there, before
    anything runs, and for a file that ROOT could not write in full.
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
    parts = {
        key: list(source) if isinstance(source, list | tuple) else [source] for key, source in sources.items()
    }
    for key, target in targets.items():
        for part in parts[key]:
            check_columns(wanted[key], column_names(_frame(part)), f"the events to write to {target}")
        target.parent.mkdir(parents=True, exist_ok=True)
    beside = {
        key: [path.with_name(f".{path.stem}.{os.getpid()}.partial-{i}.root") for i in range(len(parts[key]))]
        for key, path in targets.items()
    }
    ordered = {key: files[0].with_suffix(".ordered.root") for key, files in beside.items()}
    unfinished = [*ordered.values(), *(file for files in beside.values() for file in files)]
    try:
        with watched_loop(f"{', '.join(map(str, targets.values()))} not written", unfinished):
            for number in range(max(map(len, parts.values()), default=0)):
                _write_parts(
                    {
                        beside[key][number]: (_frame(some[number]), wanted[key])
                        for key, some in parts.items()
                        if number < len(some)
                    }
                )
            for key in sources:
                content = {"columns": wanted[key], **_origin(parts[key])}
                _write_in_order(beside[key], ordered[key], content)
        for key in sources:
            ordered[key].replace(targets[key])
    finally:
        for path in unfinished:
            path.unlink(missing_ok=True)


def _frame(source: Any) -> Any:
    return import_root().RDF.AsRNode(getattr(source, "frame", source))


def _write_parts(parts: Mapping[Path, tuple[Any, Sequence[str]]]) -> None:
    """Write frames to files in one event loop, and see that all of their events are there."""
    booked = {
        path: graph_functions().snapshot(frame, TUPLE_NAME, str(path), columns, CLUSTER_BYTES)
        for path, (frame, columns) in parts.items()
    }
    expected = {path: int(snapshot.write()) for path, snapshot in booked.items()}  # the first runs the loop
    booked.clear()  # ROOT closes the files only now
    for path, n_events in expected.items():
        _check_complete(path, n_events)


def _write_in_order(parts: Sequence[Path], ordered: Path, content: Mapping[str, Any]) -> None:
    """Make one file, with its origin, of parts whose events several threads have left in any order."""
    names = [str(part) for part in parts]
    n_events = sum(map(_count, parts))
    if not graph_functions().sorted_copy(TUPLE_NAME, names, str(ordered), EVENT_NAME, CLUSTER_BYTES):
        parts[0].replace(ordered)
    _write_provenance(ordered, content)
    _check_complete(ordered, n_events)


def _check_complete(path: Path, n_events: int) -> None:
    written = _count(path)
    if written != n_events:
        raise MaplessError(f"{path} holds {written:,} of {n_events:,} events; is the disk full?")


def _count(path: Path) -> int:
    return int(graph_functions().contents(str(path), TUPLE_NAME, False).n_events)


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


def _origin(parts: Sequence[Any]) -> dict[str, Any]:
    """Files, losses and cutflow of the events, as far as the sources know them."""
    origin: dict[str, Any] = {}
    events = [getattr(part, "events", part) for part in parts]
    if all(hasattr(one, "files") for one in events):
        lost = [{"file": lost.file, "reason": lost.reason} for lost in events[0].lost]
        files = [file for one in events for file in one.files]
        origin = {"files": files, "lost": lost, "notes": dict(events[0].notes)}
    if all(hasattr(part, "cutflow") for part in parts):
        cutflow = reduce(add, (part.cutflow() for part in parts))
        origin |= {"selection": parts[0].description, "cutflow": cutflow.to_dict()}
    return origin


def _write_provenance(path: Path, content: Mapping[str, Any]) -> None:
    root = import_root()
    file = root.TFile.Open(str(path), "UPDATE")
    written = file.WriteTObject(root.TNamed(PROVENANCE, json.dumps(content)))
    file.Close()
    if not written:
        raise MaplessError(f"{path}: the origin of the events is not written; is the disk full?")


def _provenance(file: Any) -> dict[str, Any]:
    if PROVENANCE not in file:
        return {}
    content: dict[str, Any] = json.loads(file[PROVENANCE].member("fTitle"))
    return content
