"""Files of one kind as a frame of canonical columns."""

import re
from collections import Counter
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any

from errors import MaplessError
from selections import headers
from selections.expressions import columns_used
from selections.headers import graph_functions
from selections.root import import_root, one_line_errors
from selections.sources.alike import check_bits, counter, lengths_to_check
from selections.sources.files import OpenedFile
from selections.sources.formats import Format, Translation
from selections.sources.simulation import EXPECTED
from selections.steps import Column

FILE_NUMBER, FILE_BITS = "mapless_file", 48
_NUMBER_BY_FILE = f"static_cast<ULong64_t>(event) + ({FILE_NUMBER} << {FILE_BITS})"


def canonical_frame(
    files: Sequence[OpenedFile],
    translation: Translation,
    file_format: Format,
    *,
    max_events: int | None,
    renumbered: bool,
) -> Any:
    """The events of files that `alike` put together, at most `max_events` of them.

    Raises MaplessError for columns that are of the wrong kind.
    """
    headers.load("mapless/jets.h")
    frame = _renumbered(files, max_events) if renumbered else _frame(files, max_events)
    _check_event_numbers(translation.definitions, files[0])
    frame = _with_defaults(frame, translation, files)
    frame = with_columns(frame, translation.definitions, file_format, files)
    return graph_functions().redefine(frame, "event", _NUMBER_BY_FILE) if renumbered else frame


def with_columns(
    frame: Any, definitions: Sequence[Column], file_format: Format, files: Sequence[OpenedFile]
) -> Any:
    """A frame with canonical columns of those of the format, whose lengths are checked before."""
    used = sources(definitions, files[0].columns)
    for name in used:
        if name in files[0].stored:
            frame = graph_functions().copied(frame, name, files[0].stored[name])
    check_bits(files[0], [name for name in file_format.bits if name in used])
    for column, like in lengths_to_check(files[0], file_format.collections, used):
        frame = graph_functions().as_long_as(frame, column, like)
    for name in set(file_format.lists).intersection(used):
        counter(files[0], name)
    everywhere = frozenset.intersection(*(file.columns for file in files))
    frame = _canonical(frame, definitions, everywhere, files[0])
    for collection in file_format.canonical_collections:
        first, *others = [one.name for one in definitions if one.name.startswith(f"{collection}_")] or [""]
        for other in others:
            frame = graph_functions().as_long_as(frame, other, first)
    return frame


def sources(definitions: Sequence[Column], columns: Set[str]) -> list[str]:
    """Those columns of a file that are canonical, or of which canonical ones are made."""
    used = {name for column in definitions for name in columns_used(column.expression)}
    return sorted(used.union(EXPECTED) & columns)


def _frame(files: Sequence[OpenedFile], max_events: int | None) -> Any:
    root = import_root()
    paths = [file.path for file in files]
    if max_events is None:
        return graph_functions().open_files(files[0].tree, paths)
    specification = root.RDF.Experimental.RDatasetSpec()
    specification.AddSample(("events", files[0].tree, paths))
    return _noting_files(root.RDataFrame(specification.WithGlobalRange((0, max_events))))


def _renumbered(files: Sequence[OpenedFile], max_events: int | None) -> Any:
    """A frame with the number of the file: event numbers begin anew above 2^48 for the second, and so on."""
    root = import_root()
    specification = root.RDF.Experimental.RDatasetSpec()
    seen: Counter[str] = Counter()
    for file in files:
        path = file.path if "://" in file.path else str(Path(file.path).absolute())
        folder, _, name = path.rpartition("/")
        # ROOT knows samples by their paths: one that is there again is spelt another way
        specification.AddSample((str(file.number), file.tree, [f"{folder}{'/.' * seen[path]}/{name}"]))
        seen[path] += 1
    if max_events is not None:
        specification.WithGlobalRange((0, max_events))
    frame = _noting_files(root.RDataFrame(specification))
    return root.RDF.AsRNode(frame.DefinePerSample(FILE_NUMBER, "std::stoull(rdfsampleinfo_.GetSampleName())"))


def _noting_files(frame: Any) -> Any:
    return graph_functions().noting_files(import_root().RDF.AsRNode(frame))


def _check_event_numbers(definitions: Sequence[Column], file: OpenedFile) -> None:
    """Folds and scores know events by whole numbers; a floating one may also be NaN."""
    numbers = ("run", "luminosity_block", "event")
    made_of = {name for one in definitions if one.name in numbers for name in columns_used(one.expression)}
    for name in sorted(made_of.union(numbers) & file.columns):
        if re.search("float|double", file.types[name], re.IGNORECASE):
            kind = file.types[name]
            raise MaplessError(f"{file.path}: {name} has the type {kind}; it must be a whole number")


def _with_defaults(frame: Any, translation: Translation, files: Sequence[OpenedFile]) -> Any:
    """With the columns that only some of all files have."""
    mapless = graph_functions()
    for name, value in translation.defaults.items():
        have = [name in file.columns for file in files]
        if not any(have):
            frame = mapless.define(frame, name, str(value).lower())
        elif not all(have):
            frame = import_root().RDF.AsRNode(frame.DefaultValueFor(name, value))
    return frame


def _canonical(frame: Any, definitions: Sequence[Column], everywhere: Set[str], file: OpenedFile) -> Any:
    mapless = graph_functions()
    for column in definitions:
        if column.name == column.expression:
            continue
        define = mapless.alias if column.expression in everywhere else mapless.define
        if column.name in everywhere:
            define = mapless.redefine
        with one_line_errors(f"{file.path}: {column.name} cannot be made of `{column.expression}`"):
            frame = define(frame, column.name, column.expression)
    return frame
