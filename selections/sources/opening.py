"""Opening files of any known format as events with canonical columns."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypedDict, Unpack

from errors import MaplessError
from selections.sources import nanoaod, simulation
from selections.sources.agreement import (
    Translate,
    check_uniform,
    check_wanted,
    lacking_files,
    one_meaning,
    recognise,
)
from selections.sources.alike import alike, difference
from selections.sources.damage import damaged
from selections.sources.files import OpenedFile, expand, inspect
from selections.sources.formats import Format, Options, Translation
from selections.sources.frames import canonical_frame, sources
from selections.sources.identical_files import check_all_differ
from selections.sources.opened import LostFile, OpenedEvents

FORMATS: tuple[Format, ...] = (
    Format("nanoaod", nanoaod.recognises, nanoaod.translate, nanoaod.COLLECTIONS, bits=("FatJet_jetId",)),
    Format("simulation", simulation.recognises, simulation.translate, simulation.COLLECTIONS),
)


class Opening(TypedDict, total=False):
    """How files are opened.

    `columns` are those that must be there; `triggers` and `filters` replace the published ones of the
    `year`; empty ones ask for none. With `skip_bad_files` every file is read once beforehand, in a process of
    its own, and broken ones are left out and recorded in `lost`. With `renumber_events` event numbers tell
    the files apart, so that a file may be there several times. `tree` is the name of the events, where it is
    not found by itself.
    """

    columns: Sequence[str] | None
    skip_bad_files: bool
    max_events: int | None
    year: str
    triggers: Sequence[str] | Mapping[str, Sequence[str]] | None
    filters: Sequence[str] | None
    tree: str | None
    renumber_events: bool


def open_events(files: str | Path | Iterable[str | Path], **opening: Unpack[Opening]) -> OpenedEvents:
    """Events of one file, a pattern such as "data/*.root", or several, as a frame of canonical columns.

    The format is told from the columns; files without events are left out. Raises MaplessError for files that
    cannot be read or do not belong together, for a file that is there twice, for columns that the files lack,
    and for files that must be read apart, as `open_apart` does.
    """
    parts = open_apart(files, **opening)
    if len(parts) > 1:
        raise MaplessError(f"{parts[1].differs}; open_apart opens them apart")
    return parts[0]


def open_apart(
    files: str | Path | Iterable[str | Path], **opening: Unpack[Opening]
) -> tuple[OpenedEvents, ...]:
    """Events of files as `open_events` gives them, in parts that do not fit into one frame.

    Parts differ in the types of columns, or in the kind or name of their events. Each has a recipe of its own
    for the canonical columns. Raises MaplessError as `open_events` does.
    """
    skip, renumbered = opening.get("skip_bad_files", False), opening.get("renumber_events", False)
    found, lost = _open_all(expand(files), opening.get("tree"), skip)
    if not renumbered:
        check_all_differ([file.path for file in found])
    opened = [file for file in found if file.n_events]
    if not opened:
        raise MaplessError(f"{', '.join(file.path for file in found)}: no events at all")
    file_format = recognise(FORMATS, opened)
    translate = _translator(file_format, opened, opening)
    of_all = translate(opened)
    check_uniform(of_all, opened)
    if skip:
        lost += damaged(opened, lambda file: sources(translate([file]), file.columns))
        opened = [file for file in opened if file.path not in {one.file for one in lost}]
        _check_any_left(opened, lost)
    groups = alike(opened, tuple(of_all.defaults))
    translations = one_meaning([translate(group) for group in groups], groups)
    empty = ", ".join(file.path for file in found if not file.n_events)
    notes = {"files_without_events": empty} if empty else {}
    parts: list[OpenedEvents] = []
    for group, translation, limit in zip(
        groups, translations, _limits(groups, opening.get("max_events")), strict=True
    ):
        if limit == 0:
            continue
        lacking = lacking_files(translation, group, translate)
        check_wanted(opening.get("columns") or (), translation, lacking, group)
        n_in_files = sum(file.n_events for file in group)
        part = OpenedEvents(
            frame=canonical_frame(group, translation, file_format, max_events=limit, renumbered=renumbered),
            files=tuple(file.path for file in group),
            n_events=n_in_files if limit is None else limit,
            n_in_files=n_in_files,
            format=file_format.name,
            tree=group[0].tree,
            lacks=translation.lacks,
            lost=tuple(lost),
            notes={**translation.notes, **notes},
            definitions=translation.definitions,
            differs=difference(groups[0][0], group[0]) if parts else "",
            lacking=lacking,
        )
        parts.append(part)
    return tuple(parts)


def _translator(file_format: Format, opened: Sequence[OpenedFile], opening: Opening) -> Translate:
    """How some of these files become canonical."""
    options = Options(opening.get("year", "2018"), opening.get("triggers"), opening.get("filters"))
    somewhere = frozenset.union(*(file.columns for file in opened))

    def translate(files: Sequence[OpenedFile]) -> Translation:
        everywhere = frozenset.intersection(*(file.columns for file in files))
        return file_format.translate(everywhere, somewhere, options)

    return translate


def _open_all(paths: Sequence[str], tree: str | None, skip: bool) -> tuple[list[OpenedFile], list[LostFile]]:
    opened, lost = [], []
    for number, path in enumerate(paths):
        try:
            opened.append(inspect(path, tree, number))
        except MaplessError as error:
            if not skip:
                raise
            lost.append(LostFile(path, str(error)))
    _check_any_left(opened, lost)
    return opened, lost


def _check_any_left(opened: Sequence[OpenedFile], lost: Sequence[LostFile]) -> None:
    if not opened:
        raise MaplessError(f"none of {len(lost)} files can be read; the first: {lost[0].reason}")


def _limits(groups: Sequence[Sequence[OpenedFile]], max_events: int | None) -> list[int | None]:
    """How many events of each group are the first `max_events` of all; None where it is all of them."""
    limits: list[int | None] = []
    for group in groups:
        there = sum(file.n_events for file in group)
        taken = there if max_events is None else min(there, max_events)
        max_events = None if max_events is None else max_events - taken
        limits.append(None if taken == there else taken)
    return limits
