"""The `simulate` verb: progress bar and parameters of a process around the simulation."""

import time
from pathlib import Path
from typing import cast

import yaml
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from analysis.simulation import simulate
from analysis.simulation.processes import Quality
from errors import MaplessError


def simulate_to_file(
    process: str,
    n_events: int,
    output: Path,
    seed: int,
    workers: int,
    quality: str,
    overrides: tuple[str, ...],
) -> None:
    """Simulate selected events into an RNTuple file and print what was made."""
    console = Console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(process, total=n_events, rate="")
        start = time.monotonic()

        def show(done: int, wanted: int) -> None:
            rate = done / (time.monotonic() - start)
            bar.update(task, completed=done, total=wanted, rate=f"{rate:.0f} events/s")

        sample = simulate(
            process,
            n_events,
            seed=seed,
            workers=workers,
            quality=cast(Quality, quality),
            output=output,
            progress=show,
            **_parameters(overrides),
        )
    size = sample.path.stat().st_size
    console.print(
        f"{sample.path}: {sample.n_events:,} events, {size / sample.n_events:.0f} bytes each, "
        f"{sample.cross_section:.4g} pb after the selection, {sample.luminosity / 1000:.3g} /fb"
    )


def _parameters(overrides: tuple[str, ...]) -> dict[str, object]:
    pairs = [override.partition("=") for override in overrides]
    for name, separator, _ in pairs:
        if not separator:
            raise MaplessError(f"--set {name}: write it as key=value, for example mjj_min=2200")
    return {name: yaml.safe_load(text) for name, _, text in pairs}
