"""Removes the stages that a search with its configuration needs no more."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from analysis import searches
from analysis.commands.wide_table import print_table
from analysis.engine.output_folder import claimed
from analysis.engine.stage import Stage, in_order
from analysis.engine.stored_stages import StoredStage, needed_by, stored_stages
from analysis.kinds import pipeline_of
from analysis.pipeline import Pipeline
from analysis.search_settings import CommonSettings

_MEGABYTE = 1e6


def clean_output(
    name: str | None,
    config: Path | None,
    overrides: Sequence[str],
    output: Path | None,
    *,
    max_events: int | None,
    dry_run: bool,
) -> None:
    """Print what a search needs no more in its output, and remove it unless `dry_run`.

    What a run with this configuration would keep stays, closed or unblinded, and stages of other names or
    that `limits` has written, finished or not, with what they were made from.
    """
    settings = searches.load_any(name, config, tuple(overrides))
    output = output or Path("results") / settings.search
    stored_stages(output)  # refuses a folder that is not ours before it is claimed
    with claimed(output):
        unneeded = superseded(settings, max_events, stored_stages(output))
        table = Table("stage", "folder", "size (MB)", title="Would remove" if dry_run else "Removed")
        for stage in unneeded:
            size = f"{stage.size / _MEGABYTE:,.1f}"
            table.add_row(stage.manifest["stage"], stage.folder.name, size)
        total = sum(stage.size for stage in unneeded) / _MEGABYTE
        for stage in () if dry_run else unneeded:
            shutil.rmtree(stage.folder)
    console = Console()
    if unneeded:
        print_table(console, table)
    console.print(f"{len(unneeded)} stages, {total:,.0f} MB{' to remove' if dry_run else ' removed'}")


def superseded(
    settings: CommonSettings, max_events: int | None, stages: Sequence[StoredStage]
) -> list[StoredStage]:
    """The complete stages among those of an output that these settings need no more."""
    wanted = {stage.key: stage.name for stage in _of_search(settings, max_events)}
    names = set(wanted.values())
    complete = [stage for stage in stages if stage.manifest]
    others = [
        stage.manifest["key"]
        for stage in complete
        if stage.manifest["stage"] not in names or "limits" in stage.manifest["command"]
    ]
    needed = needed_by([*wanted, *others], complete)
    return [stage for stage in complete if stage.manifest["key"] not in needed]


def _of_search(settings: CommonSettings, max_events: int | None) -> list[Stage]:
    """All stages of a search: of data as long as they are closed, and once they are open."""
    closed, opened = (pipeline_of(settings, unblind, max_events) for unblind in (False, True))
    more = [closed.plan.global_significance] if isinstance(closed, Pipeline) else []
    return in_order([closed.report, opened.report, *more])
