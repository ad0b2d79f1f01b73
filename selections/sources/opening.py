"""Opening files of any known format as events with canonical columns."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from errors import MaplessError
from selections import headers
from selections.nodes import graph_functions
from selections.root import import_root
from selections.sources import nanoaod, simulation
from selections.sources.files import OpenedFile, expand, inspect
from selections.sources.formats import Format, Options, Translation
from selections.sources.identical_files import check_all_differ
from selections.sources.opened import LostFile, OpenedEvents

FORMATS: tuple[Format, ...] = (
    Format("nanoaod", nanoaod.recognises, nanoaod.translate),
    Format("simulation", simulation.recognises, simulation.translate),
)

FILE_NUMBER, FILE_BITS = "mapless_file", 48


def open_events(
    files: str | Path | Iterable[str | Path],
    *,
    columns: Sequence[str] | None = None,
    skip_bad_files: bool = False,
    max_events: int | None = None,
    year: str = "2018",
    triggers: Sequence[str] | None = None,
    filters: Sequence[str] | None = None,
    tree: str | None = None,
    renumber_events: bool = False,
) -> OpenedEvents:
    """Events of one file, a pattern such as "data/*.root", or several, as a frame of canonical columns.

    The format is told from the columns. `columns` are those that must be there; `triggers` and `filters`
    replace the published ones of the `year`; empty ones ask for none. With `skip_bad_files` broken files are
    left out and recorded in `lost`. With `renumber_events` event numbers tell the files apart, so that a file
    may be there several times. Raises MaplessError for files that cannot be read or do not belong together,
    for a file that is there twice, and for columns that the files lack.
    """
    opened, lost = _open_all(expand(files), tree, skip_bad_files)
    if not renumber_events:
        check_all_differ([file.path for file in opened])
    _check_alike(opened)
    file_format = _recognise(opened)
    everywhere = frozenset.intersection(*(file.columns for file in opened))
    somewhere = frozenset.union(*(file.columns for file in opened))
    translation = file_format.translate(everywhere, somewhere, Options(year, triggers, filters))
    _check_wanted(columns or (), translation, opened)
    _check_defaults(translation, opened)
    _check_uniform(translation, opened)
    total = sum(file.n_events for file in opened)
    n_events = total if max_events is None else min(total, max_events)
    limit = None if n_events == total else n_events
    frame = _renumbered(opened, limit) if renumber_events else _frame(opened, limit)
    _check_event_numbers(frame, everywhere, opened)
    return OpenedEvents(
        frame=_canonical(frame, translation, everywhere),
        files=tuple(file.path for file in opened),
        n_events=n_events,
        n_in_files=total,
        format=file_format.name,
        tree=opened[0].tree,
        lacks=translation.lacks,
        lost=tuple(lost),
        notes=translation.notes,
        definitions=translation.definitions,
    )


def _open_all(paths: Sequence[str], tree: str | None, skip: bool) -> tuple[list[OpenedFile], list[LostFile]]:
    opened, lost = [], []
    for path in paths:
        try:
            opened.append(inspect(path, tree))
        except MaplessError as error:
            if not skip:
                raise
            lost.append(LostFile(path, str(error)))
    if not opened:
        raise MaplessError(f"none of {len(lost)} files can be read; the first: {lost[0].reason}")
    return opened, lost


def _check_alike(opened: Sequence[OpenedFile]) -> None:
    """ROOT crashes on a data set of both kinds, and wants one name."""
    first = opened[0]
    for file in opened[1:]:
        if (file.kind, file.tree) != (first.kind, first.tree):
            raise MaplessError(
                f"{first.path} holds the {first.kind} {first.tree}, "
                f"but {file.path} the {file.kind} {file.tree}; open them apart"
            )


def _recognise(opened: Sequence[OpenedFile]) -> Format:
    for candidate in FORMATS:
        if all(candidate.recognises(file.columns) for file in opened):
            return candidate
    names = " or ".join(known.name for known in FORMATS)
    raise MaplessError(f"{opened[0].path} is not {names}: its columns are unknown; see selections/sources")


def _check_wanted(columns: Sequence[str], translation: Translation, opened: Sequence[OpenedFile]) -> None:
    for name in columns:
        if name in translation.lacks:
            raise MaplessError(f"{opened[0].path} lacks {name}: {translation.lacks[name]}")


def _check_defaults(translation: Translation, opened: Sequence[OpenedFile]) -> None:
    """ROOT fills columns that some files lack for a TTree, but crashes for an RNTuple."""
    if opened[0].kind == "TTree":
        return
    for name in translation.defaults:
        for file in opened:
            if name not in file.columns:
                raise MaplessError(f"{file.path} lacks {name}, which other files have; open them apart")


def _check_uniform(translation: Translation, opened: Sequence[OpenedFile]) -> None:
    """What only some files have must not be made up for the others."""
    for name, way_out in translation.uniform.items():
        have = [file for file in opened if name in file.columns]
        lack = [file for file in opened if name not in file.columns]
        if have and lack:
            raise MaplessError(f"{lack[0].path} lacks {name}, which {have[0].path} has; {way_out}")


def _check_event_numbers(frame: Any, everywhere: frozenset[str], opened: Sequence[OpenedFile]) -> None:
    """Folds and scores know events by whole numbers; a floating one may also be NaN."""
    for name in everywhere & {"run", "luminosityBlock", "luminosity_block", "event"}:
        kind = str(graph_functions().column_type(frame, name))
        if kind.lower().removesuffix("_t") in ("float", "double"):
            raise MaplessError(f"{opened[0].path}: {name} has the type {kind}; it must be a whole number")


def _frame(opened: Sequence[OpenedFile], max_events: int | None) -> Any:
    root = import_root()
    paths = [file.path for file in opened]
    if max_events is None:
        return graph_functions().open_files(opened[0].tree, paths)
    specification = root.RDF.Experimental.RDatasetSpec()
    specification.AddSample(("events", opened[0].tree, paths))
    return root.RDF.AsRNode(root.RDataFrame(specification.WithGlobalRange((0, max_events))))


def _renumbered(opened: Sequence[OpenedFile], max_events: int | None) -> Any:
    """A frame whose event numbers begin anew above 2^48 for the second file, and so on."""
    root = import_root()
    specification = root.RDF.Experimental.RDatasetSpec()
    seen: Counter[str] = Counter()
    for number, file in enumerate(opened):
        path = file.path if "://" in file.path else str(Path(file.path).absolute())
        folder, _, name = path.rpartition("/")
        # ROOT knows samples by their paths: one that is there again is spelt another way
        specification.AddSample((str(number), file.tree, [f"{folder}{'/.' * seen[path]}/{name}"]))
        seen[path] += 1
    if max_events is not None:
        specification.WithGlobalRange((0, max_events))
    frame = root.RDF.AsRNode(root.RDataFrame(specification))
    frame = frame.DefinePerSample(FILE_NUMBER, "std::stoull(rdfsampleinfo_.GetSampleName())")
    return root.RDF.AsRNode(frame.Redefine("event", f"event + ({FILE_NUMBER} << {FILE_BITS})"))


def _canonical(frame: Any, translation: Translation, everywhere: frozenset[str]) -> Any:
    headers.load("mapless/jets.h")
    for name, value in translation.defaults.items():
        if name not in everywhere:
            frame = import_root().RDF.AsRNode(frame.DefaultValueFor(name, value))
    for column in translation.definitions:
        if column.name == column.expression:
            continue
        mapless = graph_functions()
        define = mapless.alias if column.expression in everywhere else mapless.define
        frame = define(frame, column.name, column.expression)
    return frame
