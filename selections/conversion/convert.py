"""Conversion: which reader a file needs, and the way into one RNTuple or out of one."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import uproot

from errors import MaplessError
from selections import canonical_writer
from selections.canonical_writer import SCALARS, TUPLE_NAME, Columns
from selections.conversion import case_h5, case_layout, cathode, lhc_olympics, named_arrays
from selections.conversion.checks import check_columns, check_momenta
from selections.conversion.inputs import JetDefinition
from selections.conversion.named_arrays import ColumnNames
from selections.conversion.parts import EVENTS_AT_ONCE, open_hdf5
from selections.sources.identical_files import check_all_differ

Format = Literal["case", "lhco", "lhco-features", "cathode", "arrays"]
Target = Literal["case", "cathode", "lhco"]


def to_root(
    files: Sequence[Path],
    output: Path,
    *,
    jets: JetDefinition | None = None,
    names: ColumnNames | None = None,
    first_run: int = 1,
    progress: Callable[[int], None] = lambda n_events: None,
) -> int:
    """Convert files of one format to an RNTuple of canonical columns; return the number of events.

    Events of file k without a run or a luminosity block get k, counted from `first_run`. Some events are in
    memory at a time.
    `output`.json says what was converted. `progress` is called with the number of events so far.


    Raises MaplessError for a file that is there twice, for an unknown format, files of different formats, and
    numbers that cannot be right, and as the readers do.
    """
    check_all_differ([str(file) for file in files], "name it once")
    formats = {file: "arrays" if names else recognise(file) for file in files}
    if len(set(formats.values())) > 1:
        told = ", ".join(f"{file.name} {kind}" for file, kind in formats.items())
        raise MaplessError(f"files of different formats: {told}; convert them one by one")
    done = 0

    def parts() -> Iterator[Columns]:
        nonlocal done
        for number, file in enumerate(files, start=first_run):
            with _said_with(file):
                for part in _reader(file, formats[file], jets or JetDefinition(), names):
                    check_columns(part)
                    for name in ("run", "luminosity_block"):
                        part.setdefault(name, np.full(len(part["event"]), number))
                    done += len(part["event"])
                    progress(done)
                    yield part

    canonical_writer.write(output, parts(), precision={})
    described = {"converted_from": [file.name for file in files], "format": formats[files[0]]}
    beside = output.with_name(f"{output.name}.json")
    beside.write_text(json.dumps(described | {"n_events": done}, indent=2) + "\n", encoding="utf-8")
    return done


def from_root(file: Path, output: Path, target: Target) -> int:
    """Convert an RNTuple or tree of canonical columns to another format; return the number of events.

    Raises MaplessError for a file that cannot be read, or that lacks a column which the format needs.
    """
    writers = {"case": case_h5.write, "cathode": cathode.write, "lhco": lhc_olympics.write_particles}
    with _said_with(file), ExitStack() as stack:
        with _read_by_uproot():
            events = stack.enter_context(uproot.open(file))[TUPLE_NAME]
        try:
            return writers[target](output, _parts(events))
        except (KeyError, IndexError, AttributeError) as problem:
            raise MaplessError(f"{file} has no column {problem}, which {target} needs") from None


def recognise(file: Path) -> Format:
    """The format of a file, by what it holds."""
    if file.suffix == ".npy":
        return "cathode"
    if file.suffix == ".npz":
        raise MaplessError(f"{file}: name its arrays with --columns FILE")
    with _said_with(file), open_hdf5(file) as opened:
        if case_layout.recognises(opened):
            return "case"
        if lhc_olympics.recognises_features(opened):
            return "lhco-features"
        if lhc_olympics.recognises_particles(opened):
            return "lhco"
        held = ", ".join(opened) or "nothing"
    raise MaplessError(f"{file} holds {held}, which is no known format; name its arrays with --columns FILE")


def _reader(file: Path, kind: str, jets: JetDefinition, names: ColumnNames | None) -> Iterator[Columns]:
    if names is not None:
        return named_arrays.read(file, names)
    if kind == "lhco":
        return lhc_olympics.read_particles(file, radius=jets.radius, trimming_fraction=jets.trimming_fraction)
    readers = {"case": case_h5.read, "lhco-features": lhc_olympics.read_features, "cathode": cathode.read}
    return readers[kind](file)


@contextmanager
def _said_with(file: Path) -> Iterator[None]:
    """What is wrong in a file is said with its name."""
    try:
        yield
    except MaplessError as problem:
        named = str(problem).startswith(str(file))
        raise MaplessError(str(problem) if named else f"{file}: {problem}") from None


@contextmanager
def _read_by_uproot() -> Iterator[None]:
    try:
        yield
    except Exception as problem:  # whatever the bytes make it raise
        raise MaplessError(f"it cannot be read: {' '.join(str(problem).split())[:200]}") from None


def _parts(events: Any) -> Iterator[Any]:
    for start in range(0, events.num_entries, EVENTS_AT_ONCE):
        stop = min(start + EVENTS_AT_ONCE, events.num_entries)
        with _read_by_uproot():
            part = events.arrays(entry_start=start, entry_stop=stop)
        _check_part(part)
        yield part


def _check_part(part: Any) -> None:
    """Raise MaplessError as `check_columns`, and for lists of jets of other lengths or order."""
    import awkward as ak

    for name in ak.fields(part):
        values = part[name]
        if values.ndim > 1 and name in SCALARS:
            raise MaplessError(f"{name} holds lists, not one number of each event")
        if values.ndim > 1 and name.startswith("jet_") and ak.any(ak.num(values) != ak.num(part["jet_pt"])):
            raise MaplessError(f"{name} has more or fewer values than jet_pt in some events")
        check_columns({name: ak.to_numpy(ak.flatten(values, axis=None))})
    if "jet_pt" in ak.fields(part):
        check_momenta(ak.to_numpy(ak.flatten(part["jet_pt"], axis=None)))
        if ak.any(part["jet_pt"][:, 1:] > part["jet_pt"][:, :-1]):
            raise MaplessError("jets are not in order of jet_pt, the hardest first")
