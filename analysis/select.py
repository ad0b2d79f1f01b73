"""Stage `select`: from event files to one compact file per input, with its cutflow."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.configuration import Configuration
from analysis.search import Search
from analysis.stages import write_json
from errors import MaplessError

if TYPE_CHECKING:
    from analysis.pipeline import RunOptions
    from selections.sources.events import Events


def select(search: Search, configuration: Configuration, folder: Path, options: "RunOptions") -> None:
    """Write `events.root`, `cutflow.json` and, if signal is simulated, `signal.root` into `folder`."""
    from selections.root import use_threads

    use_threads(options.threads)
    selection_of = {"events": configuration.events.files, "signal": signal_files(configuration)}
    cutflows = {
        name: _select_files(search, configuration, files, folder / f"{name}.root", options.max_events)
        for name, files in selection_of.items()
        if files
    }
    write_json(folder / "cutflow.json", cutflows)


def signal_files(configuration: Configuration) -> tuple[Path, ...]:
    """Return the files of simulated signal, for injection and for the signal shape, each once."""
    return tuple(dict.fromkeys(configuration.injection.files + configuration.scan.signal_files))


def _select_files(
    search: Search, configuration: Configuration, files: Sequence[Path], target: Path, max_events: int | None
) -> dict[str, object]:
    from selections.root import show_progress
    from selections.snapshot import write
    from selections.sources import open_events

    settings = configuration.events
    events = open_events(
        files,
        skip_bad_files=settings.skip_bad_files,
        max_events=max_events,
        year=settings.year,
        triggers=settings.triggers,
        filters=settings.filters,
    )
    _check_features(configuration.selection.jet_features, events)
    selected = search.selection(configuration.selection, configuration.detector.folds)(events)
    show_progress(selected.frame)
    write(selected, target, search.columns(configuration.selection))
    return {
        "cutflow": selected.cutflow().to_dict(),
        "notes": dict(events.notes),
        "lacking_columns": dict(events.lacks),
        "lost_files": [{"file": str(lost.file), "reason": lost.reason} for lost in events.lost],
    }


def _check_features(features: Sequence[str], events: "Events") -> None:
    lacking = [name for name in features if f"jet_{name}" in events.lacks]
    if lacking:
        rest = ", ".join(name for name in features if name not in lacking)
        raise MaplessError(
            f"{events.files[0]} lacks jet_{lacking[0]} ({events.lacks[f'jet_{lacking[0]}']}); "
            f"go on without: --set 'selection.jet_features=[{rest}]'"
        )
