"""The `trigger` verbs of the command line."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Anomaly triggers: from training to verified firmware.", no_args_is_help=True)


@app.command()
def run(
    config: Annotated[Path | None, typer.Option("--config", help="YAML file instead of the default.")] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override one setting; repeatable."),
    ] = None,
    output: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("results/trigger"),
    workers: Annotated[int, typer.Option(min=1, help="Processes that simulate.")] = 2,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would run and stop.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh/--resume", help="Redo finished stages, or keep them.")
    ] = False,
) -> None:
    """Simulate, train, quantise, build, verify and report rates."""
    from analysis.trigger.run import run_trigger

    run_trigger(config, overrides or [], output, workers=workers, dry_run=dry_run, fresh=fresh)
