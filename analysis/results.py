"""What a run has left, for notebooks and prompts: events, scores, spectra, fits, figures by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.engine.manifest import MANIFEST, read_manifest
from analysis.report.score_figures import file_name
from analysis.report.search_header import EVENTS as EVENT_LISTS
from analysis.report.search_report import NUMBERS
from analysis.stages.data_set import EVENTS
from analysis.stages.score import SCORES
from errors import MaplessError
from input_files import read_json
from selections.event_columns import EventColumns

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Results:
    """One published report and the stages that it was made from.

    Args:
        output: the folder of results.
        stages: folders of the stages by the names that `report.html` uses.
        closed: whether the events of the data may not be looked at.
    """

    output: Path
    stages: Mapping[str, Path]
    closed: bool

    @cached_property
    def numbers(self) -> dict[str, Any]:
        """All of `results.json`: summary, fits, closure, cutflow, variations."""
        found: dict[str, Any] = read_json(self.output / NUMBERS)
        return found

    @property
    def samples(self) -> list[str]:
        """Names of the selected events, such as "qcd_dijet-signal"."""
        return [name for name, folder in self.stages.items() if (folder / EVENTS).is_file()]

    def events(self, name: str) -> EventColumns:
        """Selected events of a sample in a region: `events["mjj"]` is a column (n_events,) in GeV."""
        from selections.events import StoredEvents

        return StoredEvents(self._events_file(name))

    def arrays(self, name: str, library: str = "ak") -> Any:
        """The same events with all their columns: `library` is "ak" (awkward), "np" or "pd" (pandas)."""
        from selections.snapshot import open_tuple

        return open_tuple(self._events_file(name)).arrays(library=library)

    def frame(self, name: str) -> Any:
        """The same events as ROOT's RDataFrame."""
        from selections.root import import_root
        from selections.snapshot import TUPLE_NAME

        return import_root().RDataFrame(TUPLE_NAME, str(self._events_file(name)))

    def scores(self, hunt: str, name: str) -> dict[str, np.ndarray]:
        """Scores (n_events,) by name that a hunt, such as "cwola-B3", gave to these events."""
        from selections.scores import read_scores

        return read_scores(self._folder(f"score-{hunt}-{name}") / SCORES, self.events(name))

    def selected(self, hunt: str) -> "pd.DataFrame":
        """The events that a hunt kept, with masses (GeV), scores and categories."""
        import pandas as pd

        self._folder(f"cut-{hunt}")  # names the hunts that there are
        return pd.read_csv(self.output / EVENT_LISTS / f"{file_name(hunt)}.csv", dtype={"event": np.uint64})

    def spectra(self, fit: str) -> dict[str, dict[str, np.ndarray]]:
        """Edges (GeV), counts and expected background of the categories of a fit, such as "mjj-cwola-B3"."""
        self._folder(fit)
        stored = self.numbers["fits"].get(fit, {"parts": []})
        return {
            name: {
                "edges": np.array(category["spectrum"]["edges"]),
                "counts": np.array(category["spectrum"]["counts"]),
                "background": np.array(category["expected_background"]),
            }
            for part in stored["parts"]
            for name, category in part["search"].get("spectra", {}).items()
        }

    @property
    def figures(self) -> dict[str, Path]:
        """The plots of the report as PNG, by name; PDF lies beside."""
        return {file.stem: file for file in sorted((self.output / "plots").glob("*.png"))}

    def _events_file(self, name: str) -> Path:
        folder = self._folder(name)
        if self.closed and read_manifest(folder)["arguments"]["role"] == "data":
            raise MaplessError(f"{name} is closed until --unblind; load simulation, or the report's numbers")
        return folder / EVENTS

    def _folder(self, name: str) -> Path:
        if name not in self.stages:
            raise MaplessError(f"{self.output} has no {name}; it has {', '.join(self.stages)}")
        return self.stages[name]


def load(output: str | Path) -> Results:
    """What the last run into a folder of results has left.

    Raises MaplessError for a folder without a report.
    """
    output = Path(output)
    if not (output / MANIFEST).is_file() or not (output / NUMBERS).is_file():
        raise MaplessError(f"{output} holds no report; run a search with --output {output} first")
    manifest = read_manifest(output)
    by_key = {folder.name.rpartition("-")[2]: folder for folder in (output / "stages").glob("*-*")}
    keys = {name: key[:12] for name, key in manifest["after"].items()}
    stages = {name: by_key[key] for name, key in keys.items() if key in by_key}
    return Results(output, stages, manifest["arguments"]["closed"])
