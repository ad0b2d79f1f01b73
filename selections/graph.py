"""The declarative vocabulary of selections: Column, Cut, Variation, Selection.

A Selection is data. Called on events it becomes a graph of ROOT's RDataFrame; nothing runs until a result is asked for.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections import headers
from selections.cutflow import Cutflow
from selections.expressions import columns_used, suggestion
from selections.root import captured_diagnostics, import_root

if TYPE_CHECKING:
    from selections.sources.events import Events

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
    """A systematic shift of columns: for each tag ("up") the shifted expression of every column, in their order.

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
        row_type = f"ROOT::RVec<{column_type}>"
        if len(rows) == 1:
            return f"{row_type}{{{rows[0]}}}"
        return f"ROOT::RVec<{row_type}>{{{', '.join(f'{row_type}{{{row}}}' for row in rows)}}}"


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

    def __call__(self, events: "Events | Any") -> "Selected":
        """The events that pass, as a graph; raises MaplessError when a column is missing.

        `events` are what `open_events` gives, or any RDataFrame node.
        """
        frame = getattr(events, "frame", events)
        self._check_columns(frame, events)
        headers.load(*self.headers)
        for step in _in_order(self.variations, self.columns, frame):
            frame = _vary(frame, step) if isinstance(step, Variation) else _define(frame, step)
        frame, booked = self._book_cutflow(frame)
        uncut = frame
        for cut in self.cuts:
            with captured_diagnostics(f"cut '{cut.title}'", cut.expression):
                frame = frame.Filter(cut.expression, cut.title)
        return Selected(self, frame, uncut, booked)

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

    def _book_cutflow(self, frame: Any) -> tuple[Any, "_Booked"]:
        """Histograms of how many cuts an event passes in a row: the whole cutflow in two fills per event."""
        depth = f"{_identifier(self.name)}_cuts_passed"
        passed = "".join(f"!({cut.expression}) ? {i} : " for i, cut in enumerate(self.cuts)) + str(
            len(self.cuts)
        )
        frame = _define(frame, Column(depth, passed))
        return frame, _book(frame, depth, len(self.cuts) + 1)

    def source_code(self, frame: str = "events") -> str:
        """C++ for a ROOT prompt: the selection applied to a frame that has the canonical columns."""
        lines = [f'#include "{header}"' for header in self.headers]
        name = _identifier(self.name)
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


@dataclass(frozen=True)
class _Booked:
    """Results that ROOT fills in the next event loop: entries, weighted entries and the weighted variations."""

    entries: Any
    weighted: Any
    variations: Any = None


@dataclass(frozen=True)
class Selected:
    """Events that pass a selection: `frame` is an RDataFrame node, `uncut` the one before the cuts."""

    selection: Selection
    frame: Any
    uncut: Any
    _booked: _Booked = field(repr=False)

    def cutflow(self) -> Cutflow:
        """Entries and sums of weights after every cut (runs the event loop if nothing did so far)."""
        return self._cutflow(self._booked.entries, self._booked.weighted)

    def varied_cutflows(self) -> dict[str, Cutflow]:
        """Cutflows of the variations by name, such as "jet_energy_scale:up"; weighted counts stand for entries too."""
        booked = self._booked.variations
        if booked is None:
            return {}
        names = [str(name) for name in booked.GetKeys() if str(name) != "nominal"]
        return {name: self._cutflow(booked[name], booked[name]) for name in names}

    def n_minus_one(self) -> Cutflow:
        """For every cut the events that pass all the others; the first row holds those that pass all.

        Every cut is evaluated on every event here, so an expression must not count on the cuts before it.
        """
        cuts = self.selection.cuts
        mask = (
            " | ".join(f"(!({cut.expression}) ? {1 << i}ull : 0ull)" for i, cut in enumerate(cuts)) or "0ull"
        )
        failed = f"{_identifier(self.selection.name)}_only_failed"
        frame = _define(self.uncut, Column(f"{failed}_mask", mask))
        bit = f"{failed}_mask"
        only = f"{bit} == 0 ? 0 : ({bit} & ({bit} - 1)) != 0 ? -1 : 1 + __builtin_ctzll({bit})"
        booked = _book(_define(frame, Column(failed, only)), failed, len(cuts) + 1)
        counts, sums = _contents(booked.entries)[0], np.array(_contents(booked.weighted))
        titles = ("all cuts", *(f"without: {cut.title}" for cut in cuts))
        others = np.arange(len(titles)) > 0
        return Cutflow.from_counts(
            self.selection.name, titles, counts + others * counts[0], sums + others * sums[:, :1]
        )

    def draw(self, path: str | Path) -> Path:
        """Write the graph: as text to .txt, as Graphviz source to .dot, as picture to .png, .svg or .pdf."""
        target = Path(path)
        if target.suffix == ".txt":
            target.write_text(f"{self.selection}\n", encoding="utf-8")
            return target
        source = target.with_suffix(".dot")
        import_root().RDF.SaveGraph(self.frame, str(source))
        if target.suffix != ".dot":
            _picture(source, target)
        return target

    def _cutflow(self, entries: Any, weighted: Any) -> Cutflow:
        titles = ("all events", *(cut.title for cut in self.selection.cuts))
        counts, sums = _contents(entries)[0], np.array(_contents(weighted))
        return Cutflow.from_counts(self.selection.name, titles, _from_here_on(counts), _from_here_on(sums))


def _in_order(
    variations: Sequence[Variation], columns: Sequence[Column], frame: Any
) -> Iterator[Variation | Column]:
    """Each variation as early as the columns it shifts and uses exist, so that later columns follow the shift."""
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


def _define(frame: Any, column: Column) -> Any:
    with captured_diagnostics(f"column {column.name}", column.expression):
        return frame.Define(column.name, column.expression)


def _vary(frame: Any, variation: Variation) -> Any:
    column_type = str(frame.GetColumnType(variation.columns[0]))
    expression = variation.expression(column_type)
    names = variation.columns if len(variation.columns) > 1 else variation.columns[0]
    with captured_diagnostics(f"variation {variation.name}", expression):
        return frame.Vary(names, expression, variation.tags, variation.name)


def _book(frame: Any, column: str, bins: int) -> _Booked:
    model = (column, "", bins, -0.5, bins - 0.5)
    entries = frame.Histo1D(model, column)
    has_weight = "weight" in {str(name) for name in frame.GetColumnNames()}
    weighted = frame.Histo1D(model, column, "weight") if has_weight else entries
    varied = frame.GetVariations().AsString() != ""
    return _Booked(
        entries, weighted, import_root().RDF.Experimental.VariationsFor(weighted) if varied else None
    )


def _contents(histogram: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums of weights and of squared weights per bin."""
    bins = range(1, histogram.GetNbinsX() + 1)
    sums = np.array([histogram.GetBinContent(i) for i in bins])
    return sums, np.array([histogram.GetBinError(i) ** 2 for i in bins])


def _from_here_on(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.cumsum(counts[..., ::-1], axis=-1)[..., ::-1]


def _why_missing(name: str, known: set[str], events: Any) -> str:
    reason = getattr(events, "lacks", {}).get(name, "")
    files = getattr(events, "files", ())
    where = f"{files[0]}" if files else "the events"
    return f"{where} lacks it ({reason})" if reason else f"{where} lacks it{suggestion(name, known)}"


def _picture(source: Path, target: Path) -> None:
    dot = shutil.which("dot")
    if dot is None:
        raise MaplessError(
            f"Graphviz is not installed; {source} is written, install graphviz to get {target.name}"
        )
    subprocess.run([dot, f"-T{target.suffix[1:]}", str(source), "-o", str(target)], check=True)


def _identifier(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _raw(text: str) -> str:
    return f'R"({text})"'


def _note(column: Column) -> str:
    notes = [note for note in (column.title, column.unit) if note]
    return f"   # {', '.join(notes)}" if notes else ""
