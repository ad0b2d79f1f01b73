"""What an output holds: which stages are done or at work, how long they took and how large they are."""

import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from analysis.commands.numbers import number
from analysis.commands.wide_table import print_table
from analysis.engine.run_log import LOG, last_line
from analysis.engine.stored_stages import StoredStage, running, stored_stages

_MEGABYTE = 1e6


def print_status(output: Path) -> None:
    """Print one line per stage of an output, in the order in which they were written, and their sums."""
    stages, holder = stored_stages(output), running(output)
    table = Table("stage", "state", "seconds", "memory (GB)", "size (MB)", "written", title=str(output))
    for stage in stages:
        table.add_row(*_row(stage, holder is not None))
    console = Console()
    print_table(console, table)
    seconds = sum(stage.manifest.get("seconds", 0.0) for stage in stages)
    size = sum(stage.size for stage in stages) / _MEGABYTE
    console.print(f"{len(stages)} stages, {seconds:.0f} s of work, {size:,.0f} MB")
    console.print(f"At work: {holder}" if holder else "No run is at work.", highlight=False)
    if last := last_line(output):
        console.print(f"Last in {output / LOG}: {last}", highlight=False, markup=False, soft_wrap=True)


def _row(stage: StoredStage, held: bool) -> tuple[str, ...]:
    manifest = stage.manifest
    written = time.strftime("%Y-%m-%d %H:%M", time.localtime(stage.folder.stat().st_mtime))
    if manifest:
        state = "done"
    elif stage.at_work:
        state = "running" if held else "left half-written"
    else:
        state = "not complete"
    return (
        manifest.get("stage", stage.folder.name),
        state,
        number(manifest.get("seconds"), ".1f"),
        number(manifest.get("peak_memory_gb"), ".2f"),
        f"{stage.size / _MEGABYTE:,.1f}",
        written,
    )
