"""What a selection gives: the events that pass, the cutflow, N-1 and pictures of the graph."""

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections.cutflow import Cutflow
from selections.root import import_root, one_line_errors

if TYPE_CHECKING:
    from selections.graph import Selection
    from selections.sources.events import Events


@dataclass(frozen=True)
class Booked:
    """Histograms that ROOT fills in the next event loop: entries, weighted entries, their variations."""

    entries: Any
    weighted: Any
    varied_entries: Any = None
    varied_weighted: Any = None


@dataclass(frozen=True)
class Selected:
    """Events that pass a selection: `frame` is an RDataFrame node, `uncut` the one before the cuts.

    `events` are those that `open_events` gave; None where the selection was called on a frame.
    """

    selection: "Selection"
    frame: Any
    uncut: Any
    _booked: Booked = field(repr=False)
    events: "Events | None" = None

    def cutflow(self) -> Cutflow:
        """Entries and sums of weights after every cut (runs the event loop if nothing did so far)."""
        return self._cutflow(self._booked.entries, self._booked.weighted)

    def varied_cutflows(self) -> dict[str, Cutflow]:
        """Cutflows of the variations by name, such as "jet_energy_scale:up"."""
        entries, weighted = self._booked.varied_entries, self._booked.varied_weighted
        if weighted is None:
            return {}
        names = [str(name) for name in weighted.GetKeys() if str(name) != "nominal"]
        return {name: self._cutflow(entries[name], weighted[name]) for name in names}

    def n_minus_one(self) -> Cutflow:
        """For every cut the events that pass all the others; the first row holds those that pass all.

        Every cut is evaluated on every event here, so an expression must not count on the cuts before it.
        """
        cuts = self.selection.cuts
        mask = (
            " | ".join(f"(!({cut.expression}) ? {1 << i}ull : 0ull)" for i, cut in enumerate(cuts)) or "0ull"
        )
        failed = f"{identifier(self.selection.name)}_only_failed"
        frame = define(self.uncut, f"{failed}_mask", mask)
        bit = f"{failed}_mask"
        only = f"{bit} == 0 ? 0 : ({bit} & ({bit} - 1)) != 0 ? -1 : 1 + __builtin_ctzll({bit})"
        booked = book(define(frame, failed, only), failed, len(cuts) + 1)
        counts, sums = _contents(booked.entries)[0], np.array(_contents(booked.weighted))
        titles = ("all cuts", *(f"without: {cut.title}" for cut in cuts))
        others = np.arange(len(titles)) > 0
        return _as_cutflow(
            self.selection.name,
            titles,
            counts + others * counts[0],
            sums + others * sums[:, :1],
            cumulative=False,
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
        return _as_cutflow(self.selection.name, titles, _from_here_on(counts), _from_here_on(sums))


def define(frame: Any, name: str, expression: str) -> Any:
    """A new column; raises MaplessError in one line where ROOT does not understand the expression."""
    with one_line_errors(f"ROOT does not understand column {name}, `{expression}`"):
        return frame.Define(name, expression)


def book(frame: Any, column: str, bins: int) -> Booked:
    """Histograms of an integer column, 0 to bins - 1, with and without weights, for the next event loop."""
    model = (column, "", bins, -0.5, bins - 0.5)
    has_weight = "weight" in {str(name) for name in frame.GetColumnNames()}
    entries = frame.Histo1D(model, column)
    weighted = frame.Histo1D(model, column, "weight") if has_weight else entries
    if not frame.GetVariations().AsString():
        return Booked(entries, weighted)
    variations_for = import_root().RDF.Experimental.VariationsFor
    return Booked(entries, weighted, variations_for(entries), variations_for(weighted))


def _contents(histogram: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums of weights and of squared weights per bin."""
    bins = range(1, histogram.GetNbinsX() + 1)
    sums = np.array([histogram.GetBinContent(i) for i in bins])
    return sums, np.array([histogram.GetBinError(i) ** 2 for i in bins])


def _from_here_on(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.cumsum(counts[..., ::-1], axis=-1)[..., ::-1]


def _as_cutflow(
    selection: str,
    titles: tuple[str, ...],
    counts: NDArray[np.float64],
    sums: NDArray[np.float64],
    cumulative: bool = True,
) -> Cutflow:
    """From counts (n,) and sums of weights and squared weights (2, n), one value per title."""
    weighted, squared = (tuple(row.tolist()) for row in sums)
    return Cutflow(selection, titles, tuple(int(count) for count in counts), weighted, squared, cumulative)


def _picture(source: Path, target: Path) -> None:
    dot = shutil.which("dot")
    if dot is None:
        raise MaplessError(
            f"Graphviz is not installed; {source} is written, install graphviz to get {target.name}"
        )
    subprocess.run([dot, f"-T{target.suffix[1:]}", str(source), "-o", str(target)], check=True)


def identifier(name: str) -> str:
    """A name of a selection as one that C++ takes."""
    return re.sub(r"\W", "_", name)
