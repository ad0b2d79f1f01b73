"""`trigger study`: simulates what is missing, scans bits and pruning, prints the table."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from analysis.commands.stage_output import publish, run_with_bar
from analysis.commands.wide_table import print_table
from analysis.engine.json_file import read_json
from analysis.engine.output_folder import claimed
from analysis.engine.stage import in_order
from analysis.trigger.configuration import load_trigger_configuration
from analysis.trigger.pipeline import TriggerPipeline
from analysis.trigger.study import StudyOptions
from errors import MaplessError
from firmware.routes.resources import ALKAID, ESTIMATE

Number = TypeVar("Number", int, float)


def numbers(option: str, text: str, kind: Callable[[str], Number]) -> list[Number]:
    """Read numbers between commas.

    Raises:
        MaplessError: something else stands there.

    >>> numbers("--sparsity", "0,0.25", float)
    [0.0, 0.25]
    """
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError:
        raise MaplessError(f"{option} {text!r} is no list of numbers; write one like 4,5,6") from None


def run_study(
    config: Path | None, overrides: Sequence[str], options: StudyOptions, output: Path, *, workers: int = 2
) -> None:
    """Simulate what is missing, scan, print the table, write `study/` with numbers, plot and model."""
    console = Console()
    stage = TriggerPipeline(load_trigger_configuration(config, tuple(overrides))).study(options)
    with claimed(output):
        run_with_bar(in_order([stage]), output, console, threads=workers, fresh=False)
        publish(stage.folder(output), output / "study")
    print_study(read_json(output / "study" / "study.json"), console)
    console.print(f"Results: [bold]{output / 'study'}[/]   the chosen network: study/model")


def print_study(content: Mapping[str, Any], console: Console) -> None:
    """Print one row per network, LUTs and mean efficiencies over the seeds, and which network is chosen."""
    signals = list(content["points"][0]["efficiencies"])
    headings = [name.removeprefix("level1_").replace("_", "\n") for name in signals]
    title = f"{content['model']}: efficiencies in % at {content['rate']:g} kHz"
    table = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    several = len(content["seeds"]) > 1
    for heading in ("bits", "pruned", "LUTs", *headings, "mean", *["±"] * several):
        table.add_column(heading, justify="right")
    for point in filter(None, [*content["points"], content["reference"]]):
        style = "bold green" if point["name"] == content["chosen"] else ""
        found = (f"{100 * point['efficiencies'][name]:.1f}" for name in signals)
        mean, spread = (f"{100 * point[name]:.1f}" for name in ("mean_efficiency", "efficiency_spread"))
        table.add_row(*_network_cells(point), *found, mean, *[spread] * several, style=style)
    print_table(console, table)
    console.print(f"LUTs: {ESTIMATE}, by {ALKAID}, as `trigger build` prints them")
    if several:
        console.print(f"means over seeds {content['seeds']}; ± is the standard deviation of one training")
    _print_choice(content, console)


def _print_choice(content: Mapping[str, Any], console: Console) -> None:
    chosen = next(point for point in content["points"] if point["name"] == content["chosen"])
    training = next(one for one in chosen["trainings"] if one["seed"] == content["chosen_seed"])
    console.print(f"Chosen: {chosen['name']}, seed {training['seed']}, {training['luts']:,} LUTs")
    if training["rate"]["warning"]:
        console.print(f"[yellow]At {content['rate']:g} kHz {training['rate']['warning']}[/]")


def _network_cells(point: Mapping[str, Any]) -> tuple[str, str, str]:
    """Bits, sparsity and LUTs; beta where bits were learnt, the name where neither has a meaning."""
    luts = "" if point["luts"] is None else f"{point['luts']:,.0f}"
    if point["beta0"] is not None:
        return f"{point['beta0']:.0e}", "HGQ2", luts
    if point["weight_bits"] is None:
        return point["name"].replace("_", " "), "", luts
    return str(point["weight_bits"]), f"{point['sparsity']:.0%}", luts
