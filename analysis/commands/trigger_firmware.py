"""`trigger import`, `build` and `verify`: firmware of one saved trigger model."""

from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from analysis.engine.tensorflow_process import tensorflow_reports_only_failures
from firmware.build import build, read_events
from firmware.networks.published import read_published
from firmware.routes.project import Project, load_project
from firmware.routes.rtl import load_rtl
from firmware.routes.target import BACKENDS, Target
from firmware.trigger_model import TriggerModel
from firmware.verify import Verification, compare_project
from selections import level1

HLS4ML, VERILOG = "hls4ml", "rtl"  # the folders of a build


@tensorflow_reports_only_failures()
def import_model(version: str, weights: Path, output: Path) -> None:
    """Rebuild a model deployed by CMS from its arrays and save it as a trigger model."""
    model = read_published(version, weights)
    model.save(output)
    Console().print(f"{version}: {model.network.count_params():,} parameters, saved in [bold]{output}[/]")


@tensorflow_reports_only_failures()
def build_model(
    model: Path,
    events: Path,
    output: Path,
    *,
    backend: str,
    target: Target,
    version: str | None,
    yosys: bool,
    max_events: int,
) -> None:
    """Build all firmware of a saved model, print what agrees and its size, synthesise where it can be."""
    console, trigger = Console(), TriggerModel.load(model)
    hardware = _hardware(trigger, events, max_events)
    made = build(trigger, hardware, output, backend=backend, target=target, version=version, yosys=yosys)
    console.print(_agreement_table(made.verification))
    for resources in made.resources:
        console.print(f"{made.rtl.part}: {resources}")
    console.print(f"Project: [bold]{made.project.folder}[/]   Verilog: [bold]{made.rtl.folder}[/]")
    _synthesise(made.project, console)


@tensorflow_reports_only_failures()
def verify_model(build_folder: Path, events: Path, *, max_events: int) -> None:
    """Compare all routes of a build, print the fraction for each pair.

    Raises MaplessError below 100 %.
    """
    project = load_project(build_folder / HLS4ML)
    rtl = load_rtl(project.model, build_folder / VERILOG)
    hardware = _hardware(project.model, events, max_events)
    verification = compare_project(project, rtl, hardware)
    Console().print(_agreement_table(verification))
    verification.require_exact()


def _hardware(model: TriggerModel, events: Path, max_events: int) -> NDArray[Any]:
    """Read the inputs of a model from level-1 events, or in its own units from a `.npy` file."""
    if events.suffix == ".npy":
        return read_events(events)[:max_events]
    kind: Literal["objects", "regions"] = "objects" if len(model.input_shape) == 1 else "regions"
    return model.own_units(level1.read(events, max_events=max_events).inputs(kind))


def _agreement_table(verification: Verification) -> Table:
    n_events = len(next(iter(verification.scores.values())))
    table = Table("route", "against", "equal", title=f"{n_events:,} events")
    for agreement in verification.agreements:
        table.add_row(agreement.first, agreement.second, f"{agreement.fraction:.2%}")
    return table


def _synthesise(project: Project, console: Console) -> None:
    if not project.synthesis_is_installed:
        tool = BACKENDS[project.backend].tool
        console.print(f"Synthesis left out: {tool} is not installed; the project is complete without it")
        return
    with console.status(f"{project.backend} synthesises {project.model.name}"):
        project.synthesise()
    console.print(f"Synthesis done; its reports lie in [bold]{project.folder}[/]")
