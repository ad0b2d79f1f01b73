"""The verbs about folders of results: `status` and `clean`."""

from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.options import Overrides
from analysis.commands.search import ConfigFile, MaxEvents, Output, SearchName

Results = Annotated[Path, typer.Argument(metavar="RESULTS", help="Folder of results.")]


def status(output: Results = Path("results/cms-dijet")) -> None:
    """Show what a folder of results holds: stages done and at work, how long, how large."""
    from analysis.commands.status import print_status

    print_status(output)


def clean(
    search: SearchName = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
    max_events: MaxEvents = None,
    output: Output = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed and stop.")] = False,
) -> None:
    """Remove stages that the search needs no more; those of limits stay."""
    from analysis.commands.clean import clean_output

    clean_output(search, config, tuple(overrides or ()), output, max_events=max_events, dry_run=dry_run)
