"""The declarative vocabulary of selections: Column, Cut, Variation, Selection.

A Selection is data. Called on events it becomes a graph of ROOT's RDataFrame; nothing runs until a result is
asked for.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from errors import MaplessError
from selections import headers
from selections.expressions import columns_used, suggestion
from selections.root import one_line_errors
from selections.selected import Selected, cut_and_tally, define, identifier, with_weights

if TYPE_CHECKING:
    from selections.sources.opened import OpenedEvents

_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Column:
    """A new column: name, C++ expression of other columns, unit and a one-line title for axes and tables."""

    name: str
    expression: str
    unit: str = ""
    title: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise MaplessError(f"'{self.name}' cannot name a column; use letters, digits and underscores")


@dataclass(frozen=True)
class Cut:
    """A condition, a C++ expression of columns, and the title of its row in the cutflow."""

    expression: str
    title: str


@dataclass(frozen=True)
class Variation:
    """A systematic shift of columns: for each tag ("up") the shifted expression of every column, in order.

    All columns of one variation must have the same type.
    """

    name: str
    columns: tuple[str, ...]
    shifts: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        wrong = [tag for tag, shifted in self.shifts.items() if len(shifted) != len(self.columns)]
        if wrong or not self.shifts:
            raise MaplessError(
                f"variation {self.name} needs one expression for each of {', '.join(self.columns)}"
            )

    @property
    def tags(self) -> tuple[str, ...]:
        """Names of the shifts, such as ("up", "down")."""
        return tuple(self.shifts)

    def expression(self, column_type: str) -> str:
        """The C++ expression that ROOT's Vary wants for columns of a type."""
        rows = [", ".join(shifted[i] for shifted in self.shifts.values()) for i in range(len(self.columns))]
        inner = f"ROOT::RVec<{column_type}>"
        return f"ROOT::RVec<{inner}>{{{', '.join(f'{inner}{{{row}}}' for row in rows)}}}"


@dataclass(frozen=True)
class Selection:
    """Columns, cuts and variations under a name; called on events it gives the events that pass.

    `headers` are the C++ headers that the expressions use, such as "mapless/fold.h".
    """

    name: str
    columns: Sequence[Column] = ()
    cuts: Sequence[Cut] = ()
    variations: Sequence[Variation] = ()
    headers: Sequence[str] = ()

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise MaplessError(f"selection {self.name} defines {', '.join(twice)} twice; rename one of them")

    def __call__(self, events: "OpenedEvents | Any") -> Selected:
        """The events that pass, as a graph; raises MaplessError when a column is missing.

        `events` are what `open_events` gives, or any RDataFrame node.
        """
        frame = getattr(events, "frame", events)
        self._check_columns(frame, events)
        headers.load(*self.headers)
        aliases = getattr(events, "aliases", {})
        for step in _in_order(self.variations, self.columns, frame):
            frame = _apply(frame, step, aliases)
        uncut = with_weights(frame)
        passing, tallies = cut_and_tally(uncut, self.cuts)
        return Selected(self, passing, uncut, tallies, events if hasattr(events, "lacks") else None)

    def required_columns(self) -> dict[str, str]:
        """Columns that the events must bring, with the first place that needs each."""
        own = {column.name for column in self.columns}
        return {name: place for place, names in self._uses() for name in reversed(names) if name not in own}

    def _uses(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for cut in reversed(self.cuts):
            yield f"cut '{cut.title}'", columns_used(cut.expression)
        for column in reversed(self.columns):
            yield f"column {column.name}", columns_used(column.expression)
        for variation in self.variations:
            shifted = " , ".join(" , ".join(shift) for shift in variation.shifts.values())
            yield f"variation {variation.name}", (*variation.columns, *columns_used(shifted))

    def _check_columns(self, frame: Any, events: Any) -> None:
        known = {str(name) for name in frame.GetColumnNames()}
        twice = sorted(column.name for column in self.columns if column.name in known)
        if twice:
            raise MaplessError(
                f"the events already have {', '.join(twice)}; rename it in selection {self.name}"
            )
        for name, place in self.required_columns().items():
            if name not in known:
                raise MaplessError(
                    f"{name} is needed by {place} of {self.name}, but {_why_missing(name, known, events)}"
                )

    def source_code(self, frame: str = "events") -> str:
        """C++ for a ROOT prompt: the selection applied to a frame that has the canonical columns."""
        lines = [f'#include "{header}"' for header in self.headers]
        name = identifier(self.name)
        calls = [f'.Define("{column.name}", {_raw(column.expression)})' for column in self.columns]
        calls += [f".Filter({_raw(cut.expression)}, {_raw(cut.title)})" for cut in self.cuts]
        body = "\n".join(f"   {call}" for call in calls)
        return "\n".join([*lines, f"auto {name} = {frame}", f"{body};", f"{name}.Report()->Print();"]) + "\n"

    def __str__(self) -> str:
        lines = [f"selection {self.name}"]
        lines += [f"  {c.name} = {c.expression}{_note(c)}" for c in self.columns]
        lines += [f"  vary {', '.join(v.columns)}: {v.name} {', '.join(v.tags)}" for v in self.variations]
        lines += [f"  keep {cut.expression}   # {cut.title}" for cut in self.cuts]
        return "\n".join(lines)


def _in_order(
    variations: Sequence[Variation], columns: Sequence[Column], frame: Any
) -> Iterator[Variation | Column]:
    """Each variation as soon as the columns that it shifts and uses exist: later columns follow it."""
    known = {str(name) for name in frame.GetColumnNames()}
    waiting = list(variations)
    for column in (None, *columns):
        if column is not None:
            known.add(column.name)
            yield column
        ready = [v for v in waiting if set(v.columns) | _used_by(v) <= known]
        waiting = [v for v in waiting if v not in ready]
        yield from ready


def _used_by(variation: Variation) -> set[str]:
    return {name for shift in variation.shifts.values() for text in shift for name in columns_used(text)}


def _apply(frame: Any, step: Variation | Column, aliases: Mapping[str, str]) -> Any:
    if isinstance(step, Column):
        return define(frame, step.name, step.expression)
    return _vary(frame, step, aliases)


def _vary(frame: Any, variation: Variation, aliases: Mapping[str, str]) -> Any:
    """ROOT refuses to vary an alias, but an alias follows the variation of the column that it names."""
    columns = [aliases.get(name, name) for name in variation.columns]
    expression = variation.expression(str(frame.GetColumnType(columns[0])))
    with one_line_errors(f"ROOT does not understand variation {variation.name}, `{expression}`"):
        return frame.Vary(columns, expression, variation.tags, variation.name)


def _why_missing(name: str, known: set[str], events: Any) -> str:
    reason = getattr(events, "lacks", {}).get(name, "")
    files = getattr(events, "files", ())
    where = f"{files[0]}" if files else "the events"
    return f"{where} lacks it ({reason})" if reason else f"{where} lacks it{suggestion(name, known)}"


def _raw(text: str) -> str:
    return f'R"({text})"'


def _note(column: Column) -> str:
    notes = [note for note in (column.title, column.unit) if note]
    return f"   # {', '.join(notes)}" if notes else ""
