"""The verbs of a search: `run` and its parts, `list` and `show`."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.options import Overrides


def _search_names(begun: str) -> list[str]:
    from analysis.searches import names

    return [name for name in names() if name.startswith(begun)]


SearchName = Annotated[
    str | None,
    typer.Argument(
        metavar="SEARCH",
        help="Name of a search; `list` shows them. --config names its own.",
        autocompletion=_search_names,
    ),
]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="YAML file instead of the search's own.")]
MaxEvents = Annotated[int | None, typer.Option(min=1, help="Read at most so many events of each input.")]
Threads = Annotated[
    int | None,
    typer.Option(
        min=1, max=1024, help="Threads of event loop, training and fits; by default the cores that are ours."
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        min=1, max=1024, help="Processes that run independent stages side by side, sharing the threads."
    ),
]
EngineOption = Annotated[
    str,
    typer.Option(
        metavar="ENGINE",
        help="Where independent stages run: local, local:N, dask:ADDRESS, slurm:FILE or htcondor:FILE.",
    ),
]
Output = Annotated[Path | None, typer.Option(help="Folder of the results; by default results/SEARCH.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would run and stop.")]
Fresh = Annotated[bool, typer.Option("--fresh/--resume", help="Redo finished stages, or keep them.")]
Unblind = Annotated[
    bool, typer.Option("--unblind", help="Open the signal region of data (closure must hold).")
]
PartOption = Annotated[
    str,
    typer.Option("--part", metavar="I/N", help="Every N-th of them from the I-th on, for jobs that share."),
]


def up_to(last: str) -> Callable[..., None]:
    """Make the command that runs a search up to and including one stage."""

    def command(
        search: SearchName = None,
        config: ConfigFile = None,
        overrides: Overrides = None,
        max_events: MaxEvents = None,
        threads: Threads = None,
        workers: Workers = 1,
        engine: EngineOption = "local",
        output: Output = None,
        dry_run: DryRun = False,
        fresh: Fresh = False,
        unblind: Unblind = False,
        part: PartOption = "1/1",
    ) -> None:
        from analysis.batch.part import Part
        from analysis.commands.run import RunOptions, run_search
        from analysis.engine.threads import available_cores

        options = RunOptions(
            output=output,
            last=last,
            max_events=max_events,
            threads=threads or available_cores(),
            engine=engine,
            workers=workers,
            dry_run=dry_run,
            fresh=fresh,
            unblind=unblind,
            part=Part.read(part),
        )
        run_search(search, config, tuple(overrides or ()), options)

    return command


def list_searches() -> None:
    """List the searches."""
    from analysis.commands.show import print_searches

    print_searches()


def show(search: SearchName = None, config: ConfigFile = None, overrides: Overrides = None) -> None:
    """Show a search: its configuration, regions, hunts and spectra."""
    from analysis.commands.show import print_search

    print_search(search, config, tuple(overrides or ()))


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the files, without .yaml.")],
    source: Annotated[
        str,
        typer.Option("--from", metavar="SEARCH", autocompletion=_search_names, help="Search to start from."),
    ] = "cms-dijet",
) -> None:
    """Write a commented configuration of your own here, with a schema that editors complete it by."""
    from analysis.commands.new import write_configuration

    write_configuration(name, source, Path())
