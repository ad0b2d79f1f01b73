"""Which files ROOT may read one after the other: it takes the types of the first for those of all."""

import re
from collections.abc import Sequence

from errors import MaplessError
from selections.sources.files import OpenedFile

_OF_STRUCTURES = re.compile(r"<.*<|TLorentzVector")
_LIST = re.compile(r"\[(?P<counter>[A-Za-z_][\w.]*)\]$|\b(vector|RVec)<")


def alike(opened: Sequence[OpenedFile], may_lack: Sequence[str]) -> list[list[OpenedFile]]:
    """Files in groups of one kind and name of the events, and of one type of each column that they share.

    The groups do not depend on the order of the files. ROOT fills columns that some trees lack, which
    `may_lack` names, but crashes for RNTuples: these have the same ones of them.
    """
    types: dict[str, set[str]] = {}
    for file in opened:
        for name, kind in file.types.items():
            types.setdefault(name, set()).add(kind)
    disputed = sorted(name for name, kinds in types.items() if len(kinds) > 1)
    groups: dict[tuple[object, ...], list[OpenedFile]] = {}
    for file in opened:
        there = () if file.kind == "TTree" else tuple(name in file.columns for name in may_lack)
        key = (file.kind, file.tree, there, *(file.types.get(name) for name in disputed))
        groups.setdefault(key, []).append(file)
    return list(groups.values())


def difference(first: OpenedFile, second: OpenedFile) -> str:
    """Why two files are not read one after the other."""
    if (first.kind, first.tree) != (second.kind, second.tree):
        return (
            f"{first.path} holds the {first.kind} {first.tree}, "
            f"but {second.path} the {second.kind} {second.tree}"
        )
    for name, kind in sorted(first.types.items()):
        if name in second.types and second.types[name] != kind:
            return f"{first.path} stores {name} as {kind}, but {second.path} as {second.types[name]}"
    return f"{first.path} and {second.path} do not have the same columns"


def lengths_to_check(
    file: OpenedFile, collections: Sequence[str], used: Sequence[str]
) -> list[tuple[str, str]]:
    """The used columns of every collection, such as FatJet, whose lengths nothing but a look can compare.

    Each with the column that has as many values. Columns of a tree with a common counter have one length;
    doubles are among them nevertheless, for their type, and lists of structures are not. Raises MaplessError
    for a column of a collection that does not have many values per event.
    """
    checks: list[tuple[str, str]] = []
    for collection in collections:
        names = [
            name
            for name in used
            if name.startswith(f"{collection}_")
            and name in file.columns
            and not _OF_STRUCTURES.search(file.types[name])
        ]
        first = next((name for name in names if name == f"{collection}_pt"), names[0] if names else "")
        counters = {counter(file, name) for name in names}
        together = len(counters) == 1 and "" not in counters
        checks += [
            (name, first)
            for name in names
            if "double" in file.types[name].lower() or (name != first and not together)
        ]
    return checks


def check_bits(file: OpenedFile, names: Sequence[str]) -> None:
    """Raise MaplessError for columns of bits that are stored as anything but integers."""
    for name in names:
        if re.search("bool|float|double", file.types.get(name, ""), re.IGNORECASE):
            raise MaplessError(
                f"{file.path}: {name} must hold integers, whose bits mean different things, but is stored as "
                f"{file.types[name]}"
            )


def counter(file: OpenedFile, name: str) -> str:
    """The column that counts the values of another; nothing where each column counts its own.

    Raises MaplessError for a column without many values.
    """
    found = _LIST.search(file.types[name])
    if not found:
        raise MaplessError(
            f"{file.path}: {name} must be a list of numbers in every event, but is stored as "
            f"{file.types[name] or 'an unknown type'}"
        )
    return found["counter"] or ""
