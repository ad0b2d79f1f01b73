"""The verbs about folders of results: `status`, `clean`, `plot` and `diff`."""

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


def plot(
    results: Results = Path("results/cms-dijet"),
    output: Annotated[Path, typer.Option(help="Folder of the figures.")] = Path("plots"),
    style: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Style file of matplotlib, on top of ours.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="Whose figures these are.")] = None,
) -> None:
    """Draw spectra and p-values of stored results again, in a style of your own; nothing is fitted."""
    from analysis.commands.plot import draw_again

    draw_again(results, output, style, label)


def diff(
    first: Annotated[Path, typer.Argument(metavar="A", help="Folder of results of a search.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another one.")],
) -> None:
    """Show two results of searches side by side: settings that differ, events, fits, significances."""
    from analysis.commands.difference import print_difference

    print_difference(first, second)
