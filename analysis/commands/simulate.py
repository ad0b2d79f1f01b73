"""The `simulate` verb: progress bar and parameters of a process around the simulation."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from analysis.engine.output_folder import claimed, require_writable
from analysis.engine.settings import read_values
from analysis.engine.validation import one_line
from analysis.simulation import external, level1, simulate
from analysis.simulation.campaign import SAMPLE_TABLE, Campaign, produce
from analysis.simulation.card import read_card
from analysis.simulation.processes import Quality
from errors import MaplessError
from input_files import parse_yaml

OPTIONS = {
    "process",
    "n_events",
    "output",
    "seed",
    "workers",
    "quality",
    "detector",
    "progress",
    "pool_progress",
}
"""What a simulation takes besides the parameters of a process."""


def simulate_campaign(
    path: Path, output: Path, workers: int, overrides: tuple[str, ...], single: object
) -> None:
    """Simulate all samples of a campaign into a folder and print what is there.

    `single` is whatever else was asked for, which belongs to one sample.
    """
    if single:
        raise MaplessError("--campaign makes all samples of its file; give no process, --card or --events")
    try:
        campaign = Campaign.model_validate(read_values(path, overrides))
    except ValidationError as problem:
        raise MaplessError(f"{path}: {one_line(problem, Campaign)}") from None
    console = Console()
    with claimed(output), progress_bar(console) as bar:
        files = produce(campaign, output, workers, lambda name: counter(bar, name))
    for file in files.values():
        console.print(f"{file}  {file.stat().st_size / 1e6:.1f} MB")
    console.print(f"{output / SAMPLE_TABLE} describes them: run SEARCH --config {output / SAMPLE_TABLE}")


def simulate_to_file(
    process: str | None,
    n_events: int | None,
    output: Path,
    seed: int,
    workers: int,
    quality: str,
    card: Path | None,
    overrides: tuple[str, ...],
) -> None:
    """Simulate events into an RNTuple file and print what was made."""
    if n_events is None or (process is None) == (card is None):
        raise MaplessError("name a process or a --card, and the number of --events; or give a --campaign")
    checked = _quality(quality)
    if output.is_dir():
        raise MaplessError(f"--output {output} is a folder; name the file to write")
    if output.exists() and not output.with_name(f"{output.name}.json").is_file():
        raise MaplessError(f"{output} is no simulation of Mapless and would be lost; choose another --output")
    console, parameters = Console(), _parameters(overrides)
    options = sorted(OPTIONS & parameters.keys())
    if options:
        raise MaplessError(f"--set {options[0]} is no parameter of a process; see the options of simulate")
    require_writable(output.parent)
    if card is not None:
        process, parameters["card"] = "card", read_card(card)
    assert process is not None
    shared: dict[str, Any] = {"seed": seed, "workers": workers, "quality": checked, "output": output}
    with progress_bar(console) as bar:
        shared["progress"] = counter(bar, process)
        if process in level1.PROCESSES:
            shared["pool_progress"] = counter(bar, "collisions, once per user")
            crossings = level1.simulate(process, n_events, **shared, **parameters)
            summary = f"{crossings.cross_section:.4g} pb"
        else:
            sample = simulate(process, n_events, **shared, **parameters)
            summary = f"{sample.cross_section:.4g} pb after the selection, {sample.luminosity / 1000:.3g} /fb"
    size = output.stat().st_size
    console.print(f"{output}: {n_events:,} events, {size / n_events:.0f} bytes each, {summary}")


def simulate_les_houches(
    file: Path, output: Path, seed: int, quality: str, overrides: tuple[str, ...], others: object
) -> None:
    """Shower and reconstruct all events of a Les Houches file into an RNTuple file.

    `others` is whatever else was asked for, which a file of events does not take.
    """
    if others:
        raise MaplessError(
            "--lhe takes all events of its file; give no process, --card, --campaign or --events"
        )
    if external.recognise(file) != "lhe":
        raise MaplessError(f"{file}: name it .lhe or .lhe.gz")
    if output.exists():
        raise MaplessError(f"{output} is there already and would be lost; remove it or name another file")
    require_writable(output.parent)
    console = Console()
    with progress_bar(console) as bar:
        show, total = counter(bar, "events"), external.count_events(file, "lhe")
        n_events = external.convert(
            [file],
            output,
            seed=seed,
            quality=_quality(quality),
            progress=lambda done: show(done, total),
            **_parameters(overrides),
        )
    console.print(f"{output}: {n_events:,} events with two jets, of {total:,}")


def _quality(name: str) -> Quality:
    if name not in get_args(Quality):
        raise MaplessError(f"no quality {name!r}; choose from {', '.join(get_args(Quality))}")
    return cast(Quality, name)


def progress_bar(console: Console) -> Progress:
    """A bar for each sample that is simulated, on a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, disable=not console.is_terminal)


def counter(bar: Progress, description: str) -> Callable[[int, int], None]:
    """What shows (done, wanted) on a line of the bar, from the first call on."""
    start = time.monotonic()
    tasks: list[TaskID] = []

    def show(done: int, wanted: int) -> None:
        if not tasks:
            tasks.append(bar.add_task(description, rate=""))
        rate = done / (time.monotonic() - start)
        bar.update(tasks[0], completed=done, total=wanted, rate=f"{rate:.0f} per second")

    return show


def _parameters(overrides: tuple[str, ...]) -> dict[str, Any]:
    pairs = [override.partition("=") for override in overrides]
    for name, separator, _ in pairs:
        if not separator:
            raise MaplessError(f"--set {name}: write it as key=value, for example mjj_min=2200")
    try:
        return {name: parse_yaml(text) for name, _, text in pairs}
    except ValueError as error:
        raise MaplessError(f"--set {' '.join(overrides)} holds no values in YAML: {error}") from None
