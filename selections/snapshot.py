"""Selected columns in one compact file (an RNTuple), with cutflow and origin, and back into numpy arrays.

The file appears complete or not at all. One thread keeps the order of events. Several threads do not; then
run, luminosity block and event number are written too, and `read` sorts by them, so that arrays never depend
on the number of threads.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections.expressions import suggestion
from selections.root import import_root, one_line_errors, threads

TUPLE_NAME = "Events"
EVENT_NAME = ("run", "luminosity_block", "event")
PROVENANCE = "provenance"
# Small clusters let `selections.batches` read few events at a time.
CLUSTER_BYTES = 2 * 2**20
_INTEGERS = (f"std::{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64))
SCALARS = frozenset(("bool", "float", "double", *_INTEGERS))


def write(source: Any, path: str | Path, columns: Sequence[str]) -> Path:
    """Write columns of events to a file; returns its path.

    `source` is what a Selection or `open_events` gives, or a frame; its event loop runs here, once. Raises
    MaplessError for a column that is not there, before anything runs.
    """
    target = Path(path)
    frame = getattr(source, "frame", source)
    in_order = threads() == 1
    wanted = list(columns) if in_order else _with_event_name(columns)
    check_columns(wanted, (str(name) for name in frame.GetColumnNames()), "the events to write")
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.stem}.{os.getpid()}.partial.root")
    try:
        with one_line_errors(f"{target} is not written, ROOT failed while it read the events"):
            # a list would make PyROOT try, and run, other overloads after a failure
            names = import_root().std.vector["std::string"](wanted)
            frame.Snapshot(TUPLE_NAME, str(beside), names, _options())
        _write_provenance(beside, {"columns": wanted, "in_order": in_order, **_origin(source)})
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return target


def read(path: str | Path, columns: Sequence[str] | None = None) -> dict[str, NDArray[Any]]:
    """Scalar columns of a file that `write` made, as arrays (n,); all of them if none are named.

    Raises MaplessError for a column that is not there, or that has many values per event.
    """
    with open_file(path) as file:
        scalars = scalar_columns(file[TUPLE_NAME])
        known = _provenance(file)
        everything = [name for name in known.get("columns", scalars) if name in scalars]
        wanted = everything if columns is None else list(columns)
        check_columns(wanted, scalars, f"the single values of {path}")
        in_order = known.get("in_order", True)
        arrays = file[TUPLE_NAME].arrays(wanted if in_order else _with_event_name(wanted), library="np")
    if not in_order:
        order = np.lexsort([arrays[name] for name in reversed(EVENT_NAME)])
        arrays = {name: values[order] for name, values in arrays.items()}
    return {name: arrays[name] for name in wanted}


def provenance(path: str | Path) -> dict[str, Any]:
    """What is known about a snapshot: its columns, files, cutflow, and whether events are in order."""
    with open_file(path) as file:
        return _provenance(file)


def open_file(path: str | Path) -> Any:
    """A snapshot as uproot opens it; raises MaplessError if it is none."""
    import uproot

    if not Path(path).is_file():
        raise MaplessError(f"{path} does not exist; check the path")
    try:
        file = uproot.open(path, array_cache=None)
    except (ValueError, OSError, uproot.DeserializationError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise MaplessError(f"{path} cannot be read ({reason}); select the events again") from None
    if TUPLE_NAME not in file:
        raise MaplessError(f"{path} holds no {TUPLE_NAME}; it is not a snapshot of events")
    return file


def open_tuple(path: str | Path) -> Any:
    """The events of a snapshot as an RNTuple of uproot; raises MaplessError if there are none."""
    return open_file(path)[TUPLE_NAME]


def scalar_columns(events: Any) -> list[str]:
    """Columns of an RNTuple, as uproot opens it, that have one number per event."""
    return [name for name in events.keys() if events[name].typename in SCALARS]  # noqa: SIM118


def _with_event_name(columns: Sequence[str]) -> list[str]:
    return list(dict.fromkeys((*columns, *EVENT_NAME)))


def check_columns(wanted: Sequence[str], known: Iterable[str], where: str) -> None:
    """Raise MaplessError for the first wanted column that is not known."""
    names = set(known)
    for name in wanted:
        if name not in names:
            raise MaplessError(f"{name} is not among {where}{suggestion(name, names)}")


def _options() -> Any:
    root = import_root()
    options = root.RDF.RSnapshotOptions()
    options.fOutputFormat = root.RDF.ESnapshotOutputFormat.kRNTuple
    options.fMaxUnzippedClusterSize = CLUSTER_BYTES
    options.fApproxZippedClusterSize = CLUSTER_BYTES // 2
    options.fMaxUnzippedPageSize = CLUSTER_BYTES // 16
    return options


def _origin(source: Any) -> dict[str, Any]:
    """Files, losses and cutflow of the events, as far as the source knows them."""
    events = getattr(source, "events", source)
    origin: dict[str, Any] = {}
    if hasattr(events, "files"):
        lost = [{"file": lost.file, "reason": lost.reason} for lost in events.lost]
        origin = {"files": list(events.files), "lost": lost, "notes": dict(events.notes)}
    if hasattr(source, "cutflow"):
        origin |= {"selection": str(source.selection), "cutflow": source.cutflow().to_dict()}
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
