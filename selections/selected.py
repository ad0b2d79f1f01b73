"""What a selection gives: the events that pass, the cutflow, N-1 and pictures of the graph."""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections.cutflow import Cutflow
from selections.nodes import Node, Step, Tally, variations
from selections.root import import_root
from selections.sources.opened import OpenedEvents
from selections.steps import Cut


@dataclass(frozen=True)
class Selected:
    """Events that pass a selection; its tallies are booked, and the next event loop fills them.

    `description` is the selection in words. `events` are those that `open_events` gave; None where the
    selection was called on a frame.
    """

    name: str
    description: str
    events: OpenedEvents | None
    _start: Node = field(repr=False)
    _steps: tuple[Step, ...] = field(repr=False)

    def __post_init__(self) -> None:
        self._tallies()

    @property
    def frame(self) -> Any:
        """The events that pass, as a node of RDataFrame."""
        return self._start.after(self._steps).frame

    @property
    def uncut(self) -> Any:
        """All events with the columns of the selection, as a node of RDataFrame."""
        return self._start.after([step for step in self._steps if not isinstance(step, Cut)]).frame

    @property
    def cuts(self) -> tuple[Cut, ...]:
        """The cuts, in order."""
        return tuple(step for step in self._steps if isinstance(step, Cut))

    def cutflow(self) -> Cutflow:
        """Entries and sums of weights after every cut (runs the event loop if nothing did so far)."""
        return self._cutflow(None)

    def varied_cutflows(self) -> dict[str, Cutflow]:
        """Cutflows of the variations by name, such as "jet_energy_scale:up"."""
        varied = self._tallies()[-1].varied
        if varied is None:
            return {}
        names = dict.fromkeys(name for results in varied for name in variations(results) if name != "nominal")
        return {name: self._cutflow(name) for name in names}

    def weighted_sums(self, numbers: str) -> Callable[[], NDArray[np.float64]]:
        """Sums of the weight times each number of a column, as many in every event, for sets of weights.

        They are booked for the next event loop. Called, the result gives them before and after every cut,
        (n_rows, n_numbers); without events there are no numbers.
        """
        booked = [node.weighted_sums(numbers) for node in self._places()]

        def sums() -> NDArray[np.float64]:
            rows = [np.array(one.values(), np.float64) for one in booked]
            return np.array([np.resize(row, len(rows[0])) if len(row) else 0 * rows[0] for row in rows])

        return sums

    def n_minus_one(self) -> Cutflow:
        """For every cut the events that pass all the others; the first row holds those that pass all.

        Runs an event loop. A cut that keeps later expressions from failing, such as one on the number of jets
        before `jet_pt[1]`, is missing in its own row.
        """
        cuts = self.cuts
        tallies = [
            self._start.after([step for step in self._steps if step is not left_out]).tally()
            for left_out in (None, *cuts)
        ]
        titles = ("all cuts", *(f"without: {cut.title}" for cut in cuts))
        return _as_cutflow(self.name, titles, [one.values() for one in tallies], cumulative=False)

    def draw(self, path: str | Path) -> Path:
        """Write the graph: as text to .txt, as Graphviz source to .dot, as picture to .png, .svg or .pdf."""
        target = Path(path)
        if target.suffix == ".txt":
            target.write_text(f"{self.description}\n", encoding="utf-8")
            return target
        source = target.with_suffix(".dot")
        import_root().RDF.SaveGraph(self.frame, str(source))
        if target.suffix != ".dot":
            _picture(source, target)
        return target

    def _cutflow(self, variation: str | None) -> Cutflow:
        titles = ("all events", *(cut.title for cut in self.cuts))
        return _as_cutflow(self.name, titles, [one.values(variation) for one in self._tallies()])

    def _tallies(self) -> list[Tally]:
        return [node.tally() for node in self._places()]

    def _places(self) -> list[Node]:
        """Before the first cut, and after every cut."""
        places = [i for i, step in enumerate(self._steps) if isinstance(step, Cut)]
        first = places[0] if places else len(self._steps)
        return [self._start.after(self._steps[:end]) for end in (first, *(i + 1 for i in places))]


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
