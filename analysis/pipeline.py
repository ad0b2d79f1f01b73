"""The stages of a search: select, train per mass window, scan, report; for data a closure test too."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from analysis import blinding
from analysis.closure import check_closure, simulated_twins
from analysis.configuration import Configuration, Settings
from analysis.search import Search
from analysis.select import select, signal_files
from analysis.stages import Stage
from models.detector import Progress
from models.mass_windows import MassWindow

STAGES = ("select", "train", "scan", "report")


@dataclass(frozen=True)
class RunOptions:
    """How to run, as opposed to what; only `max_events` and `unblind` change a result."""

    output: Path
    last_stage: str = "report"
    max_events: int | None = None
    threads: int = 2
    dry_run: bool = False
    fresh: bool = False
    unblind: bool = False


@dataclass(frozen=True)
class Pipeline:
    """One search with its configuration as stages that depend on each other; nothing runs here."""

    search: Search
    configuration: Configuration
    options: RunOptions
    progress: Progress

    def stages(self) -> list[Stage]:
        """Return the stages up to `options.last_stage` in the order in which they run.

        Raises MaplessError when unblinding is asked for without a closure test that passed.
        """
        if self.configuration.events.is_data and self.options.unblind:
            blinding.require_closure(self.closure, self.options.output)
        groups = {
            "select": [self.select],
            "train": [] if self._is_closed else list(self.trains.values()),
            "scan": [] if self._is_closed else [self.scan],
            "report": [*(_with_earlier(self.closure) if self.closure else []), self.report],
        }
        wanted = STAGES[: STAGES.index(self.options.last_stage) + 1]
        return _each_once(stage for name in wanted for stage in groups[name])

    @cached_property
    def windows(self) -> dict[str, MassWindow]:
        """The mass windows in use."""
        return self.search.mass_windows(self.configuration.detector)

    @cached_property
    def select(self) -> Stage:
        """From event files to the selected events."""
        return Stage(
            name="select",
            run=lambda folder: select(self.search, self.configuration, folder, self.options),
            settings={
                "search": self.search.name,
                "selection": _plain(self.configuration.selection),
                "folds": self.configuration.detector.folds,
                "events": _plain(self.configuration.events, leave_out={"files", "is_data"}),
                "max_events": self.options.max_events,
            },
            inputs=self.configuration.events.files + signal_files(self.configuration),
            sources=("selections", "analysis/select.py"),
        )

    @cached_property
    def trains(self) -> dict[str, Stage]:
        """One trained detector per mass window."""
        return {name: self._train(name, window) for name, window in self.windows.items()}

    @cached_property
    def scan(self) -> Stage:
        """Fits and local p-values before and after the anomaly cuts."""

        def run(folder: Path) -> None:
            from analysis.scan import scan

            trained = {name: self._folder(stage) for name, stage in self.trains.items()}
            scan(self.configuration, self.windows, self._folder(self.select), trained, folder)

        settings = {"fit": _plain(self.configuration.fit), "scan": _plain(self.configuration.scan)}
        return Stage("scan", run, settings, sources=("fits", "analysis/scan.py"), after=self._before_scan)

    @cached_property
    def closure(self) -> Stage | None:
        """For data: the same search on simulation with and without signal; None if no simulation is named."""
        if not (self.configuration.events.is_data and self.configuration.closure.background_files):
            return None
        twins = simulated_twins(self.configuration)
        scans = {name: replace(self, configuration=twin).scan for name, twin in twins.items()}

        def run(folder: Path) -> None:
            check_closure(
                self.configuration, {name: self._folder(scan) for name, scan in scans.items()}, folder
            )

        return Stage("closure", run, sources=("analysis/closure.py",), after=tuple(scans.values()))

    @cached_property
    def report(self) -> Stage:
        """Plots, numbers and the HTML file; of blinded data only what lies outside the mass windows."""
        opened = (self.select,) if self._is_closed else (*self._before_scan, self.scan)
        after = (*opened, *([self.closure] if self.closure else []))

        def run(folder: Path) -> None:
            from analysis.report import write_report

            folders = {stage.name: self._folder(stage) for stage in after}
            write_report(self.search, self.configuration, folders, folder)

        settings = {"configuration": _plain(self.configuration)}
        return Stage("report", run, settings, sources=("analysis/report",), after=after)

    @property
    def _is_closed(self) -> bool:
        return blinding.is_closed(self.configuration, unblind=self.options.unblind)

    @property
    def _before_scan(self) -> tuple[Stage, ...]:
        return (self.select, *self.trains.values())

    def _train(self, name: str, window: MassWindow) -> Stage:
        def run(folder: Path) -> None:
            from analysis.train import train

            train(
                self.configuration,
                window,
                self._folder(self.select),
                folder,
                self.options.threads,
                self.progress,
            )

        detector = _plain(self.configuration.detector, leave_out={"windows", "own_windows", "kept_fraction"})
        injection = _plain(self.configuration.injection)
        return Stage(
            name=f"train-{name}",
            run=run,
            settings={"window": asdict(window), "detector": detector, "injection": injection},
            sources=("models", "analysis/train.py", "analysis/injection.py"),
            after=(self.select,),
        )

    def _folder(self, stage: Stage) -> Path:
        return stage.folder(self.options.output)


def _with_earlier(stage: Stage) -> list[Stage]:
    return [*(earlier for before in stage.after for earlier in _with_earlier(before)), stage]


def _each_once(stages: Iterable[Stage]) -> list[Stage]:
    return list({stage.key: stage for stage in stages}.values())


def _plain(settings: Settings, leave_out: set[str] | None = None) -> dict[str, Any]:
    return settings.model_dump(mode="json", exclude=leave_out)
