"""Puts the stages of a search in order: select, train per mass window, scan, report."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from analysis import blinding, closure
from analysis.configuration import Configuration, Settings
from analysis.search import Search
from analysis.select import select, signal_files
from analysis.stages import Stage
from models.detector import Progress
from models.mass_windows import MassWindow


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
class Plan:
    """The stages of one search; `trains` by mass window; a blinded search has neither `trains` nor `scan`."""

    select: Stage
    report: Stage
    trains: dict[str, Stage]
    scan: Stage | None
    closure: Stage | None

    def up_to(self, last: str) -> list[Stage]:
        """Return the stages in the order in which they run, up to the one called `last`."""
        groups = {
            "select": [self.select],
            "train": list(self.trains.values()),
            "scan": [self.scan] if self.scan else [],
            "report": [*_with_earlier(self.closure), self.report] if self.closure else [self.report],
        }
        wanted = list(groups)[: list(groups).index(last) + 1]
        return [stage for name in wanted for stage in groups[name]]


def make_plan(search: Search, configuration: Configuration, options: RunOptions, progress: Progress) -> Plan:
    """Return the stages of a search.

    Raises MaplessError when `unblind` is asked for without a closure test that passed.
    """
    test = _closure_stage(search, configuration, options, progress) if configuration.events.is_data else None
    if blinding.is_closed(configuration, unblind=options.unblind):
        first = _select_stage(search, configuration, options)
        return Plan(first, _report_stage(search, configuration, options, first, {}, None, test), {}, None, test)
    if configuration.events.is_data:
        blinding.require_closure(test, options.output)
    first, trains, last = _open_stages(search, configuration, options, progress)
    return Plan(first, _report_stage(search, configuration, options, first, trains, last, test), trains, last, test)


def _open_stages(
    search: Search, configuration: Configuration, options: RunOptions, progress: Progress
) -> tuple[Stage, dict[str, Stage], Stage]:
    windows = search.mass_windows(configuration.detector)
    first = _select_stage(search, configuration, options)
    trains = {
        name: _train_stage(configuration, options, first, name, window, progress) for name, window in windows.items()
    }
    return first, trains, _scan_stage(configuration, windows, options, first, trains)


def _select_stage(search: Search, configuration: Configuration, options: RunOptions) -> Stage:
    return Stage(
        name="select",
        run=lambda folder: select(
            search, configuration, folder, threads=options.threads, max_events=options.max_events
        ),
        settings={
            "search": search.name,
            "selection": _plain(configuration.selection),
            "folds": configuration.detector.folds,
            "skip_bad_files": configuration.events.skip_bad_files,
            "max_events": options.max_events,
        },
        inputs=configuration.events.files + signal_files(configuration),
        rooms=("selections",),
    )


def _train_stage(
    configuration: Configuration,
    options: RunOptions,
    first: Stage,
    name: str,
    window: MassWindow,
    progress: Progress,
) -> Stage:
    def run(folder: Path) -> None:
        from analysis.train import train

        train(configuration, window, first.folder(options.output), folder, progress)

    detector = _plain(configuration.detector, leave_out={"windows", "own_windows", "kept_fraction"})
    injection = _plain(configuration.injection)
    return Stage(
        name=f"train-{name}",
        run=run,
        settings={"window": asdict(window), "detector": detector, "injection": injection},
        rooms=("models",),
        after=(first,),
    )


def _scan_stage(
    configuration: Configuration,
    windows: dict[str, MassWindow],
    options: RunOptions,
    first: Stage,
    trains: dict[str, Stage],
) -> Stage:
    def run(folder: Path) -> None:
        from analysis.scan import scan

        train_folders = {name: stage.folder(options.output) for name, stage in trains.items()}
        scan(configuration, windows, first.folder(options.output), train_folders, folder)

    return Stage(
        name="scan",
        run=run,
        settings={"fit": _plain(configuration.fit), "scan": _plain(configuration.scan)},
        rooms=("fits",),
        after=(first, *trains.values()),
    )


def _closure_stage(
    search: Search, configuration: Configuration, options: RunOptions, progress: Progress
) -> Stage | None:
    if not configuration.closure.background_files:
        return None
    scans = {
        name: _open_stages(search, twin, options, progress)[2]
        for name, twin in closure.simulated_twins(configuration).items()
    }
    return Stage(
        name="closure",
        run=lambda folder: closure.check_closure(
            configuration, {name: stage.folder(options.output) for name, stage in scans.items()}, folder
        ),
        after=tuple(scans.values()),
    )


def _report_stage(
    search: Search,
    configuration: Configuration,
    options: RunOptions,
    first: Stage,
    trains: dict[str, Stage],
    last: Stage | None,
    test: Stage | None,
) -> Stage:
    after = (first, *trains.values(), *([last] if last else []), *([test] if test else []))

    def run(folder: Path) -> None:
        from analysis.report import write_report

        write_report(search, configuration, {stage.name: stage.folder(options.output) for stage in after}, folder)

    settings = {"configuration": _plain(configuration)}
    return Stage(name="report", run=run, settings=settings, rooms=("analysis/report",), after=after)


def _with_earlier(stage: Stage) -> list[Stage]:
    ordered = [earlier for before in stage.after for earlier in _with_earlier(before)]
    return list({each.key: each for each in [*ordered, stage]}.values())


def _plain(settings: Settings, leave_out: set[str] | None = None) -> dict[str, Any]:
    return settings.model_dump(mode="json", exclude=leave_out)
