"""`trigger run`: the plan, its progress and what was found."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from analysis.commands.stage_output import plan_table, publish, run_with_bar
from analysis.commands.wide_table import print_table
from analysis.engine.json_file import read_json
from analysis.engine.output_folder import claimed
from analysis.engine.provenance import peak_memory
from analysis.engine.stage import in_order
from analysis.trigger.configuration import load_trigger_configuration
from analysis.trigger.pipeline import TriggerPipeline
from analysis.trigger.products import MODEL


def run_trigger(
    config: Path | None,
    overrides: Sequence[str],
    output: Path,
    *,
    workers: int = 2,
    dry_run: bool = False,
    fresh: bool = False,
) -> None:
    """Simulate, train, build, compare and report; print what was found and where the page lies.

    The page is `report.html`, the network `model` of the output.
    """
    console = Console()
    pipeline = TriggerPipeline(load_trigger_configuration(config, tuple(overrides)))
    stages = in_order([pipeline.report])
    if dry_run:
        print_table(console, plan_table(stages, output, {}, fresh=fresh))
        return
    with claimed(output):
        run_with_bar(stages, output, console, threads=workers, fresh=fresh)
        publish(pipeline.report.folder(output), output)
        publish(pipeline.train.folder(output) / MODEL, output / "model")
    _print_findings(read_json(output / "results.json"), console)
    console.print(f"Report: [bold]{output / 'report.html'}[/]   peak memory {peak_memory():.1f} GB")


def _print_findings(results: dict[str, Any], console: Console) -> None:
    print_table(console, _rates_table(results))
    print_table(console, _efficiencies_table(results))
    for agreement in results["firmware"]["agreements"]:
        console.print(f"{agreement['first']} = {agreement['second']}: {agreement['fraction']:.2%} of events")


def _rates_table(results: dict[str, Any]) -> Table:
    title = f"{results['model']}: rates in kHz"
    table = Table("asked", "threshold", "in the menu", "rate", "pure rate", title=title)
    for point in results["working_points"]:
        rates = [f"{point[name]['rate']:.2f} ± {point[name]['error']:.2f}" for name in ("rate", "pure_rate")]
        thresholds = f"{point['rate']['threshold']:g}", f"{point['menu_threshold']:g}"
        table.add_row(f"{point['asked']:g}", *thresholds, *rates)
    return table


def _efficiencies_table(results: dict[str, Any]) -> Table:
    points = results["working_points"]
    table = Table("kHz", "signal", "score", *points[0]["baselines"], title="efficiencies in %")
    for point in points:
        for name, kept in point["efficiencies"].items():
            score = f"{100 * kept['value']:.1f} ± {50 * (kept['high'] - kept['low']):.1f}"
            others = [simple["efficiencies"][name]["value"] for simple in point["baselines"].values()]
            cells = [score, *(f"{100 * value:.1f}" for value in others)]
            table.add_row(f"{point['asked']:g}", name.removeprefix("level1_"), *cells)
        table.add_section()
    return table
