"""What a selection gives: the events that pass, the cutflow, N-1 and pictures of the graph."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import MaplessError
from selections.cutflow import Cutflow
from selections.root import import_root, one_line_errors

if TYPE_CHECKING:
    from selections.graph import Cut, Selection
    from selections.sources.opened import OpenedEvents


WEIGHT, SQUARED_WEIGHT = "mapless_weight", "mapless_squared_weight"


@dataclass(frozen=True)
class Tally:
    """Entries, sum of weights and sum of squared weights at a point of the graph, from the next event loop.

    `varied` are the same three for every variation.
    """

    results: tuple[Any, Any, Any]
    varied: tuple[Any, Any, Any] | None = None

    def values(self, variation: str | None = None) -> tuple[float, float, float]:
        """The three numbers, of a variation by name such as "jet_energy_scale:up"."""
        if variation is None or self.varied is None:
            entries, weighted, squared = (result.GetValue() for result in self.results)
        else:
            # what comes before the first varied cut or weight has no variations: the nominal value stands
            entries, weighted, squared = (
                results[variation if variation in _keys(results) else "nominal"] for results in self.varied
            )
        return entries, weighted, squared


@dataclass(frozen=True)
class Selected:
    """Events that pass a selection: `frame` is an RDataFrame node, `uncut` the one before the cuts.

    `events` are those that `open_events` gave; None where the selection was called on a frame.
    """

    selection: "Selection"
    frame: Any
    uncut: Any
    _tallies: tuple[Tally, ...] = field(repr=False)
    events: "OpenedEvents | None" = None

    def cutflow(self) -> Cutflow:
        """Entries and sums of weights after every cut (runs the event loop if nothing did so far)."""
        return self._cutflow(None)

    def varied_cutflows(self) -> dict[str, Cutflow]:
        """Cutflows of the variations by name, such as "jet_energy_scale:up"."""
        varied = self._tallies[-1].varied
        if varied is None:
            return {}
        names = dict.fromkeys(name for results in varied for name in _keys(results) if name != "nominal")
        return {name: self._cutflow(name) for name in names}

    def n_minus_one(self) -> Cutflow:
        """For every cut the events that pass all the others; the first row holds those that pass all.

        Runs an event loop. A cut that keeps later expressions from failing, such as one on the number of jets
        before `jet_pt[1]`, is missing in its own row.
        """
        cuts = self.selection.cuts
        others = [[cut for cut in cuts if cut is not left_out] for left_out in cuts]
        tallies = [tally(reduce(filtered, kept, self.uncut)) for kept in (cuts, *others)]
        titles = ("all cuts", *(f"without: {cut.title}" for cut in cuts))
        return _as_cutflow(self.selection.name, titles, [one.values() for one in tallies], cumulative=False)

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

    def _cutflow(self, variation: str | None) -> Cutflow:
        titles = ("all events", *(cut.title for cut in self.selection.cuts))
        return _as_cutflow(self.selection.name, titles, [one.values(variation) for one in self._tallies])


def _keys(results: Any) -> list[str]:
    return [str(name) for name in results.GetKeys()]


def define(frame: Any, name: str, expression: str) -> Any:
    """A new column; raises MaplessError in one line where ROOT does not understand the expression."""
    with one_line_errors(f"ROOT does not understand column {name}, `{expression}`"):
        return frame.Define(name, expression)


def filtered(frame: Any, cut: "Cut") -> Any:
    """The events that pass a cut; raises MaplessError like `define`."""
    with one_line_errors(f"ROOT does not understand cut '{cut.title}', `{cut.expression}`"):
        return frame.Filter(cut.expression, cut.title)


def cut_and_tally(frame: Any, cuts: Sequence["Cut"]) -> tuple[Any, tuple[Tally, ...]]:
    """The events that pass all cuts, and a tally before the first and after every cut."""
    nodes = list(accumulate(cuts, filtered, initial=frame))
    return nodes[-1], tuple(tally(node) for node in nodes)


def with_weights(frame: Any) -> Any:
    """The frame with the columns that tallies add up; without a weight every event weighs 1."""
    known = {str(name) for name in frame.GetColumnNames()}
    if WEIGHT in known:
        return frame
    weight = "static_cast<double>(weight)" if "weight" in known else "1."
    return frame.Define(WEIGHT, weight).Define(SQUARED_WEIGHT, f"{WEIGHT} * {WEIGHT}")


def tally(frame: Any) -> Tally:
    """Book the counts of a node that has been through `with_weights`."""
    results = (frame.Count(), frame.Sum(WEIGHT), frame.Sum(SQUARED_WEIGHT))
    if not frame.GetVariations().AsString():
        return Tally(results)
    entries, weighted, squared = map(import_root().RDF.Experimental.VariationsFor, results)
    return Tally(results, (entries, weighted, squared))


def _as_cutflow(
    selection: str,
    titles: tuple[str, ...],
    rows: Sequence[tuple[float, float, float]],
    cumulative: bool = True,
) -> Cutflow:
    entries, weighted, squared = zip(*rows, strict=True)
    counts = tuple(int(count) for count in entries)
    return Cutflow(
        selection,
        titles,
        counts,
        tuple(float(value) for value in weighted),
        tuple(float(value) for value in squared),
        cumulative,
    )


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
