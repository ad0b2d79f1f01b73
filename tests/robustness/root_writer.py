"""A process that writes files by ROOT itself, as experiments do, and so knows classes that no reader knows.

`python -m tests.robustness.root_writer` reads one request a line, {"path", "kind", "tree"}, with the columns
beside the path in an npz file, and answers with an empty line.
"""

import atexit
import json
import os
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np

from tests.robustness.warm import REPOSITORY

COUNTS = "number of "
C_TYPES = {
    np.dtype(code).name: (c_type, letter)
    for code, c_type, letter in (
        *(("?", "Bool_t", "O"), ("u1", "UChar_t", "b"), ("i4", "Int_t", "I"), ("u4", "UInt_t", "i")),
        *(("i8", "Long64_t", "L"), ("u8", "ULong64_t", "l"), ("u2", "UShort_t", "s"), ("f4", "Float_t", "F")),
        ("f8", "Double_t", "D"),
    )
}
"""Type of C++ and letter of a leaf, by the type of numpy."""


def write_objects(path: Path, columns: Mapping[str, Any], tree: str) -> None:
    """A tree of split lists of objects (TClonesArray), one for all columns "LIST.MEMBER" of one length.

    A column of another length, or of one number an event, is a branch of its own.
    """
    _request(path, columns, tree, "objects")


def write_vectors(path: Path, columns: Mapping[str, Any], tree: str) -> None:
    """A tree of branches that are `std::vector`."""
    _request(path, columns, tree, "vectors")


def write_vector_fields(path: Path, columns: Mapping[str, Any], tree: str) -> None:
    """An RNTuple of fields that are `std::vector`."""
    _request(path, columns, tree, "fields")


def _request(path: Path, columns: Mapping[str, Any], tree: str, kind: str) -> None:
    arrays: dict[str, Any] = {}
    for name, values in columns.items():
        jagged = ak.Array(values).ndim > 1
        arrays[name] = ak.to_numpy(ak.flatten(values)) if jagged else np.asarray(values)
        arrays |= {COUNTS + name: ak.to_numpy(ak.num(values))} if jagged else {}
    with _beside(path).open("wb") as file:
        np.savez(file, **arrays)
    process = _process()
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps({"path": str(path), "kind": kind, "tree": tree}) + "\n")
    process.stdin.flush()
    assert process.stdout.readline() == "\n", f"{path} was not written"
    _beside(path).unlink()


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.npz")


@cache
def _process() -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.robustness.root_writer"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen(command, cwd=REPOSITORY, text=True, **pipes)
    atexit.register(process.communicate)
    return process


@dataclass(frozen=True)
class Column:
    """A column: its values by event, numbers or lists of them, and their type in numpy."""

    name: str
    events: Sequence[Any]
    dtype: np.dtype[Any]
    is_list: bool

    @property
    def lengths(self) -> tuple[int, ...]:
        """Numbers in each event."""
        return tuple(len(event) if self.is_list else -1 for event in self.events)


def _columns(path: Path) -> list[Column]:
    with np.load(_beside(path)) as stored:
        arrays = dict(stored)
    found = []
    for name in [name for name in arrays if not name.startswith(COUNTS)]:
        counts, values = arrays.get(COUNTS + name), arrays[name]
        events = values if counts is None else np.split(values, np.cumsum(counts))[:-1]
        found.append(Column(name, events, values.dtype, counts is not None))
    return found


Fill = Callable[[int], None]


def _write_objects(root: Any, tree: Any, columns: Sequence[Column]) -> list[Fill]:
    fills = []
    for name in dict.fromkeys(column.name.partition(".")[0] for column in columns):
        of_list = [one for one in columns if one.name.startswith(f"{name}.") and one.is_list]
        lengths = Counter(one.lengths for one in of_list).most_common(1)
        members = [one for one in of_list if one.lengths == lengths[0][0]]
        if members:
            fills.append(_list_of_objects(root, tree, name, members))
        columns = [one for one in columns if one not in members]
    return fills + [_leaf(tree, one) for one in columns]


def _list_of_objects(root: Any, tree: Any, name: str, members: Sequence[Column]) -> Fill:
    fields = {one.name.partition(".")[2]: one for one in members}
    declared = " ".join(f"{C_TYPES[one.dtype.name][0]} {field} = 0;" for field, one in fields.items())
    kind = f"Object{zlib.crc32(declared.encode())}"
    if not hasattr(root, kind):
        root.gInterpreter.Declare(
            f"class {kind} : public TObject {{ public: {declared} ClassDef({kind}, 1) }};"
        )
    objects = root.TClonesArray(kind)
    tree.Branch(name, objects, 64000, 99)

    def fill(event: int) -> None:
        objects.Clear()
        for place in range(len(members[0].events[event])):
            one = objects.ConstructedAt(place)
            for field, column in fields.items():
                setattr(one, field, column.events[event][place].item())

    return fill


def _leaf(tree: Any, column: Column) -> Fill:
    letter = C_TYPES[column.dtype.name][1]
    buffer = np.zeros(max([1, *column.lengths]), column.dtype)
    if not column.is_list:
        tree.Branch(column.name, buffer, f"{column.name}/{letter}")

        def fill(event: int) -> None:
            buffer[0] = column.events[event]

        return fill
    counter, number = f"n{column.name}", np.zeros(1, np.int32)
    tree.Branch(counter, number, f"{counter}/I")
    tree.Branch(column.name, buffer, f"{column.name}[{counter}]/{letter}")

    def fill_list(event: int) -> None:
        number[0] = len(column.events[event])
        buffer[: number[0]] = column.events[event]

    return fill_list


def _write_vectors(root: Any, tree: Any, columns: Sequence[Column]) -> list[Fill]:
    return [_vector(root, tree, one) if one.is_list else _leaf(tree, one) for one in columns]


def _vector(root: Any, tree: Any, column: Column) -> Fill:
    vector = root.std.vector[C_TYPES[column.dtype.name][0]]()
    tree.Branch(column.name, vector)
    return lambda event: vector.assign(column.events[event].tolist())


def _write_tree(write: Callable[..., list[Fill]], root: Any, path: Path, tree_name: str) -> None:
    columns = _columns(path)
    file, tree = root.TFile(str(path), "recreate"), root.TTree(tree_name, "")
    fills = write(root, tree, columns)
    for event in range(len(columns[0].events)):
        for fill in fills:
            fill(event)
        tree.Fill()
    tree.Write()
    file.Close()


def _write_fields(root: Any, path: Path, tree_name: str) -> None:
    columns = _columns(path)
    model = root.RNTupleModel.Create()
    types = {
        one.name: f"std::vector<{c_type}>" if one.is_list else c_type
        for one in columns
        for c_type in [C_TYPES[one.dtype.name][0]]
    }
    for name, c_type in types.items():
        model.MakeField[c_type](name)
    writer = root.RNTupleWriter.Recreate(model, tree_name, str(path))
    entry = writer.CreateEntry()
    for event in range(len(columns[0].events)):
        for one in columns:
            values = one.events[event].tolist() if one.is_list else one.events[event].item()
            entry[one.name] = root.std.vector[C_TYPES[one.dtype.name][0]](values) if one.is_list else values
        writer.Fill(entry)
    del writer


KINDS = {
    "objects": partial(_write_tree, _write_objects),
    "vectors": partial(_write_tree, _write_vectors),
    "fields": _write_fields,
}


def _serve() -> None:
    from selections.root import import_root

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what is printed here is no answer
    root = import_root()
    for line in sys.stdin:
        request = json.loads(line)
        KINDS[request["kind"]](root, Path(request["path"]), request["tree"])
        print(file=answers, flush=True)


if __name__ == "__main__":
    _serve()
