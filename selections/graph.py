"""Selections: columns, cuts and variations as data, which become a graph of ROOT's RDataFrame when called.

Nothing runs until a result is asked for.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from errors import MaplessError
from selections import headers
from selections.expressions import columns_used, suggestion
from selections.nodes import Node, Shift, Step, column_names, weight_columns
from selections.root import import_root
from selections.selected import Selected
from selections.sources.opened import OpenedEvents
from selections.steps import Column, Cut, Variation

NOMINAL = "nominal"


@dataclass(frozen=True)
class Selection:
    """Columns, cuts and variations under a name; called on events it gives the events that pass.

    `headers` are the C++ headers that the expressions use, such as "mapless/fold.h". A region that `refine`
    made has a `parent`, whose columns and cuts it begins with.
    """

    name: str
    columns: Sequence[Column] = ()
    cuts: Sequence[Cut] = ()
    variations: Sequence[Variation] = ()
    headers: Sequence[str] = ()
    parent: "Selection | None" = None

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise MaplessError(f"selection {self.name} defines {', '.join(twice)} twice; rename one of them")

    def refine(self, name: str, *cuts: Cut, columns: Sequence[Column] = ()) -> "Selection":
        """A region: this selection with further cuts, which may use further columns.

        >>> pair = Selection("pair", [Column("x", "2 * y")], [Cut("x > 1", "large x")])
        >>> print(pair.refine("far", Cut("z > 3", "far away"), columns=[Column("z", "x * x")]))
        selection far
          x = 2 * y
          z = x * x
          keep x > 1   # large x
          keep z > 3   # far away
        """
        return replace(
            self, name=name, columns=(*self.columns, *columns), cuts=(*self.cuts, *cuts), parent=self
        )

    def preceded_by(self, *cuts: Cut) -> "Selection":
        """This selection behind further cuts, which come before all others."""
        parent = self.parent.preceded_by(*cuts) if self.parent else None
        return replace(self, cuts=(*cuts, *self.cuts), parent=parent)

    def needed_for(self, columns: Sequence[str]) -> "Selection":
        """The part that decides these columns: all cuts, and what they and the columns need of the rest."""
        own = {column.name: column.expression for column in self.columns}
        needed: set[str] = set()
        waiting = ["weight", *columns, *(name for cut in self.cuts for name in columns_used(cut.expression))]
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                waiting += columns_used(own.get(name, ""))
                waiting += [other for v in self.variations if name in v.columns for other in v.needs]
        return self._only(needed)

    def _only(self, needed: set[str]) -> "Selection":
        columns = tuple(column for column in self.columns if column.name in needed)
        varied = tuple(v for v in self.variations if needed.intersection(v.columns))
        texts = [*(c.expression for c in columns), *(c.expression for c in self.cuts)]
        texts += [text for v in varied for shifted in v.shifts.values() for text in shifted]
        used = tuple(name for name in self.headers if headers.may_be_used(name, " ".join(texts)))
        parent = self.parent._only(needed) if self.parent else None
        return Selection(self.name, columns, tuple(self.cuts), varied, used, parent)

    @property
    def steps(self) -> tuple[Column | Cut, ...]:
        """Columns and cuts in the order in which they are applied: those of the parent first."""
        before = self.parent.steps if self.parent else ()
        own: list[Column | Cut] = [*self.columns, *self.cuts]
        return (*before, *(step for step in own if step not in before))

    @property
    def shifts(self) -> dict[str, Shift]:
        """What each shift of the variations, such as "jet_energy_scale:up", does to columns."""
        return {
            f"{v.name}:{tag}": Shift(tuple(v.columns), tuple(shifted))
            for v in self.variations
            for tag, shifted in v.shifts.items()
        }

    def changes(self, shift: str) -> list[Variation | Shift]:
        """What is done to columns in the branch of a shift; nominal weights vary beside themselves."""
        if shift == NOMINAL:
            return [variation for variation in self.variations if variation.columns == ("weight",)]
        return [change for name, change in self.shifts.items() if name == shift]

    def __call__(self, events: OpenedEvents | Any) -> Selected:
        """The events that pass, as a graph that varies its columns; raises MaplessError when one is missing.

        `events` are what `open_events` gives, or any RDataFrame node.
        """
        events = _with_columns(events, [self])
        return self._selected(_start(events), events, self.variations)

    def _selected(
        self, start: Node, events: OpenedEvents | Any, changes: Sequence[Variation | Shift]
    ) -> Selected:
        known = column_names(start.frame)
        self._check_columns(known, events)
        headers.load(*self.headers)
        steps = tuple(self._in_order(changes, known))
        opened = events if isinstance(events, OpenedEvents) else None
        return Selected(self.name, str(self), opened, start, steps)

    def _in_order(self, changes: Sequence[Variation | Shift], known: set[str]) -> tuple[Step, ...]:
        """Each change as soon as the columns that it changes and uses exist: later columns follow it."""
        waiting, made = list(changes), list[Step]()
        names = set(known)
        for step in (None, *self.steps):
            if step is not None:
                made.append(step)
            if isinstance(step, Column):
                names.add(step.name)
            ready = [change for change in waiting if change.needs <= names]
            waiting = [change for change in waiting if change not in ready]
            made += ready
        first_cut = next((i for i, step in enumerate(made) if isinstance(step, Cut)), len(made))
        names = known | {step.name for step in made[:first_cut] if isinstance(step, Column)}
        return (*made[:first_cut], *weight_columns(names), *made[first_cut:])

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
            yield f"variation {variation.name}", tuple(sorted(variation.needs))

    def _check_columns(self, known: set[str], events: Any) -> None:
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
        name = re.sub(r"\W", "_", self.name)
        calls = [
            f'.Define("{step.name}", R"({step.expression})")'
            if isinstance(step, Column)
            else f'.Filter(R"({step.expression})", R"({step.title})")'
            for step in self.steps
        ]
        body = "\n".join(f"   {call}" for call in calls)
        return "\n".join([*lines, f"auto {name} = {frame}", f"{body};", f"{name}.Report()->Print();"]) + "\n"

    def __str__(self) -> str:
        lines = [f"selection {self.name}"]
        lines += [f"  {c.name} = {c.expression}{_note(c)}" for c in self.columns]
        lines += [f"  vary {', '.join(v.columns)}: {v.name} {', '.join(v.tags)}" for v in self.variations]
        lines += [f"  keep {cut.expression}   # {cut.title}" for cut in self.cuts]
        return "\n".join(lines)


def book(
    opened: OpenedEvents | Any, regions: Mapping[str, Selection], shifts: Sequence[str] = (NOMINAL,)
) -> dict[tuple[str, str], Selected]:
    """All regions under all shifts, such as "jet_energy_scale:up", in one event loop, by region and shift.

    Regions of one parent share its columns and cuts. Each shift is a branch of its own, from the variations
    of the selections; a region that has no such variation stays as it is. Variations of nothing but the
    weight give further cutflows of the nominal branch. `opened` is as for a Selection.
    Raises MaplessError for a column that is missing and a shift that no region knows.
    """
    known = {shift for selection in regions.values() for shift in selection.shifts}
    for shift in shifts:
        if shift != NOMINAL and shift not in known:
            raise MaplessError(
                f"no region has a shift {shift}{suggestion(shift, known)}; "
                f"known are {', '.join(sorted(known)) or 'none'}"
            )
    opened = _with_columns(opened, regions.values())
    start = _start(opened)
    return {
        (region, shift): selection._selected(start, opened, selection.changes(shift))
        for shift in shifts
        for region, selection in regions.items()
    }


def _with_columns(events: OpenedEvents | Any, selections: Iterable[Selection]) -> OpenedEvents | Any:
    """With those of the columns that the events offer which selections need."""
    if not isinstance(events, OpenedEvents):
        return events
    return events.with_columns(name for one in selections for name in one.required_columns())


def _start(events: OpenedEvents | Any) -> Node:
    frame = import_root().RDF.AsRNode(getattr(events, "frame", events))
    return Node(frame, events.aliases, events.made) if isinstance(events, OpenedEvents) else Node(frame)


def _why_missing(name: str, known: set[str], events: Any) -> str:
    if not isinstance(events, OpenedEvents):
        return f"the events lack it{suggestion(name, known)}"
    reason = f" ({events.lacks[name]})" if name in events.lacks else suggestion(name, known)
    return f"{events.file_without(name)} lacks it{reason}"


def _note(column: Column) -> str:
    notes = [note for note in (column.title, column.unit) if note]
    return f"   # {', '.join(notes)}" if notes else ""
