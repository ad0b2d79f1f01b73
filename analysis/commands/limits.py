"""The verb `limits`: its options."""

from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.options import Overrides
from analysis.commands.search import (
    ConfigFile,
    EngineOption,
    Fresh,
    Output,
    PartOption,
    SearchName,
    Threads,
    Unblind,
    Workers,
)


def limits(
    search: SearchName = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
    part: PartOption = "1/1",
    signal: Annotated[
        Path | None, typer.Option(help="A signal of your own: events in a ROOT file, or a card for Pythia.")
    ] = None,
    mass: Annotated[float | None, typer.Option(min=1, metavar="GEV", help="Mass of its resonance.")] = None,
    n_events: Annotated[
        int, typer.Option("-n", "--events", min=100, help="Events of a card to simulate.")
    ] = 2000,
    threads: Threads = None,
    workers: Workers = 1,
    engine: EngineOption = "local",
    output: Output = None,
    fresh: Fresh = False,
    unblind: Unblind = False,
) -> None:
    """Limits and discovery reach for many signals, with injections that every detector learns from."""
    from analysis.commands.limit_tables import LimitOptions, OwnSignal, find_limits
    from analysis.engine.threads import available_cores

    own = OwnSignal(signal, mass, n_events) if signal else None
    options = LimitOptions(output, part, own, threads or available_cores(), engine, workers, fresh, unblind)
    find_limits(search, config, tuple(overrides or ()), options)
