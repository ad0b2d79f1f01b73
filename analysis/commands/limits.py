"""The verb `limits`: its options."""

from typing import Annotated

import typer

from analysis.commands.options import Overrides
from analysis.commands.search import ConfigFile, Fresh, Output, SearchName, Threads, Unblind, Workers


def limits(
    search: SearchName = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
    part: Annotated[
        str,
        typer.Option(metavar="I/N", help="Every N-th signal from the I-th on, for jobs that share the work."),
    ] = "1/1",
    threads: Threads = 2,
    workers: Workers = 1,
    output: Output = None,
    fresh: Fresh = False,
    unblind: Unblind = False,
) -> None:
    """Limits and discovery reach for many signals, with injections that every detector learns from."""
    from analysis.commands.limit_tables import LimitOptions, find_limits

    options = LimitOptions(output, part, threads, workers, fresh, unblind)
    find_limits(search, config, tuple(overrides or ()), options)
