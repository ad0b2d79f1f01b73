"""Files are looked at before ROOT reads them: its own messages for broken ones mislead, or it crashes."""

import glob
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from errors import MaplessError
from input_files import check_file
from selections.headers import graph_functions
from selections.reading import bounded_memory, watched_loop
from selections.root import import_root

TREE_NAMES = ("Events", "events")
HEADER_BYTES = 64
LARGE_FILE_VERSION = 1_000_000  # added to the version of ROOT in files above 2 GB, with 64-bit addresses
TREE_CLASSES = {"TTree": "TTree", "ROOT::RNTuple": "RNTuple", "ROOT::Experimental::RNTuple": "RNTuple"}


# What ROOT takes for a pattern, an address or a variable wherever it opens a file.
SPECIAL_CHARACTERS = "*?[]#$"


@dataclass(frozen=True)
class OpenedFile:
    """What a readable file holds: name and kind (TTree, RNTuple) of its events, their number, its columns.

    `types` are those of the columns as they are stored, such as "Float_t[nFatJet]"; without events there are
    none. `number` tells the file from others of its list.
    """

    path: str
    tree: str
    kind: str
    n_events: int
    types: Mapping[str, str]
    number: int = 0

    @cached_property
    def columns(self) -> frozenset[str]:
        """Names of the columns."""
        return frozenset(self.types)


def expand(files: str | Path | Iterable[str | Path]) -> tuple[str, ...]:
    """Paths of one file, a pattern with *, ? or [, or several of these; a file of that very name goes first.

    Raises MaplessError for no file at all.
    """
    given = [files] if isinstance(files, str | Path) else list(files)
    paths = tuple(path for item in given for path in _matches(str(item)))
    if not paths:
        raise MaplessError("no files given; name at least one file with events")
    return paths


def _matches(pattern: str) -> list[str]:
    if "://" in pattern or not glob.has_magic(pattern) or Path(pattern).exists():
        return [pattern]
    anchor = Path(pattern).anchor
    found = sorted(str(path) for path in Path(anchor).glob(pattern.removeprefix(anchor)))
    if not found:
        raise MaplessError(f"no file matches {pattern}; check the path")
    return found


def inspect(path: str, tree: str | None = None, number: int = 0) -> OpenedFile:
    """Look into one file; raises MaplessError with the reason when its events cannot be read."""
    if "://" not in path:
        _check_local(path)
    mapless = graph_functions()
    mapless.note_file(path)
    watched = watched_loop(f"{path} cannot be read, copy it again")
    with bounded_memory(), watched, _quiet_root(), _open_file(path) as file:
        name, kind = _find_tree(path, file, tree)
        found = mapless.contents(path, name, kind == "TTree")
    _check_alone(path, name, [str(friend) for friend in found.friends])
    types = zip(map(str, found.names), map(str, found.types), strict=True)
    return OpenedFile(path, name, kind, int(found.n_events), dict(types), number)


def _check_local(path: str) -> None:
    special = next((character for character in SPECIAL_CHARACTERS if character in path), None)
    if special:
        raise MaplessError(
            f"{path}: ROOT does not take {special} as part of a name; rename the file or folder"
        )
    if not Path(path).exists():
        raise MaplessError(f"{path} does not exist; check the path")
    if Path(path).is_dir():
        raise MaplessError(
            f"{path} is a directory, not a file; write {Path(path) / '*.root'} for the files in it"
        )
    check_file(path)
    size, promised = Path(path).stat().st_size, _promised_size(path)
    if size < promised:
        raise MaplessError(f"{path} is truncated: {size:,} of {promised:,} bytes are there; copy it again")


def _promised_size(path: str) -> int:
    """Size in bytes that the header of a ROOT file promises; raises MaplessError if it is none."""
    with Path(path).open("rb") as file:
        head = file.read(HEADER_BYTES)
    if head[:4] != b"root":
        what = "is empty" if not head else "is not a ROOT file"
        raise MaplessError(f"{path} {what}; events come as TTree or RNTuple in ROOT files")
    if len(head) < HEADER_BYTES:
        raise MaplessError(f"{path} is truncated: only {len(head)} bytes are there; copy it again")
    (version,) = struct.unpack_from(">i", head, 4)
    return int(struct.unpack_from(">q" if version >= LARGE_FILE_VERSION else ">i", head, 12)[0])


def _find_tree(path: str, file: Any, wanted: str | None) -> tuple[str, str]:
    keys = [(str(key.GetName()), str(key.GetClassName())) for key in file.GetListOfKeys()]
    trees = {name: TREE_CLASSES[kind] for name, kind in keys if kind in TREE_CLASSES}
    for name in (wanted,) if wanted else TREE_NAMES:
        if name in trees:
            return name, trees[name]
    if len(trees) == 1 and not wanted:
        return next(iter(trees.items()))
    deeper = [f"{name} in a folder" for name in _trees_in_folders(file)]
    there = ", ".join([*sorted(trees), *deeper]) or "no TTree or RNTuple at all"
    way_out = "; copy it to the top" if deeper else ""
    raise MaplessError(f"{path} has no {wanted or 'Events'} at its top; it holds {there}{way_out}")


def _check_alone(path: str, tree: str, friends: Sequence[str]) -> None:
    """Rows of a friend may be fewer, or of other events: ROOT reads them beside each other all the same."""
    if friends:
        raise MaplessError(
            f"{path}: {tree} has the friend {', '.join(friends)}, whose rows may be those of other events; "
            f"write a tree that holds the columns of both"
        )


def _trees_in_folders(folder: Any, place: str = "") -> list[str]:
    """Paths of trees below the folders of a file."""
    found = []
    for key in folder.GetListOfKeys():
        name, kind = f"{place}{key.GetName()}", str(key.GetClassName())
        if kind.startswith("TDirectory"):
            found += _trees_in_folders(key.ReadObj(), f"{name}/")
        elif place and kind in TREE_CLASSES:
            found.append(name)
    return found


@contextmanager
def _open_file(path: str) -> Iterator[Any]:
    try:
        file = import_root().TFile.Open(path)
    except OSError:
        file = None
    if "://" in path and not file:
        raise MaplessError(f"{path} cannot be opened; check the address, or copy the file here")
    if not file or file.IsZombie():
        raise MaplessError(
            f"{path} cannot be opened as a ROOT file; check that it is complete, or copy it again"
        )
    try:
        yield file
    finally:
        file.Close()


@contextmanager
def _quiet_root() -> Iterator[None]:
    """Without ROOT's warnings about what it meets in a file: what matters is said by our own errors."""
    root = import_root()
    level = root.gErrorIgnoreLevel
    root.gErrorIgnoreLevel = root.kFatal
    try:
        yield
    finally:
        root.gErrorIgnoreLevel = level
