"""The `trigger` verbs of the command line."""

from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.options import Overrides

app = typer.Typer(help="Anomaly triggers: from training to verified firmware.", no_args_is_help=True)

Config = Annotated[Path | None, typer.Option("--config", help="YAML file instead of the default.")]
Results = Annotated[Path, typer.Option(help="Folder of the results.")]
Workers = Annotated[int, typer.Option(min=1, max=1024, help="Processes that simulate.")]


@app.command()
def run(
    config: Config = None,
    overrides: Overrides = None,
    output: Results = Path("results/trigger"),
    workers: Workers = 2,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would run and stop.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh/--resume", help="Redo finished stages, or keep them.")
    ] = False,
) -> None:
    """Simulate, train, quantise, build, verify and report rates."""
    from analysis.commands.trigger_run import run_trigger

    run_trigger(config, overrides or [], output, workers=workers, dry_run=dry_run, fresh=fresh)


@app.command()
def study(
    config: Config = None,
    overrides: Overrides = None,
    bits: Annotated[str, typer.Option(metavar="N,...", help="Bits of the weights.")] = "3,4,6",
    sparsity: Annotated[
        str, typer.Option(metavar="X,...", help="Fractions of weights to prune.")
    ] = "0,0.25,0.5",
    seeds: Annotated[
        str, typer.Option(metavar="N,...", help="Train each network once with each seed.")
    ] = "1,2,3",
    hgq2: Annotated[
        bool, typer.Option("--hgq2", help="Add networks that learn their bits (extra hgq2).")
    ] = False,
    betas: Annotated[
        str, typer.Option(metavar="X,...", help="Their weights of one bit operation in the loss.")
    ] = "1e-6,1e-5,1e-4",
    lut_budget: Annotated[float | None, typer.Option(min=1, help="Choose the best network within.")] = None,
    rate: Annotated[float, typer.Option(help="Compare efficiencies at this rate in kHz.")] = 1.0,
    reference: Annotated[
        Path | None, typer.Option(help="Folder of another model on objects to compare with.")
    ] = None,
    output: Results = Path("results/trigger"),
    workers: Workers = 2,
) -> None:
    """Scan bits and pruning of an AXOL1TL network: efficiency against LUTs, and the best within a budget."""
    from analysis.commands.trigger_study import numbers, run_study
    from analysis.trigger.study import StudyOptions

    options = StudyOptions(
        tuple(numbers("--bits", bits, int)),
        tuple(numbers("--sparsity", sparsity, float)),
        rate,
        lut_budget,
        reference,
        tuple(numbers("--seeds", seeds, int)),
        tuple(numbers("--betas", betas, float)) if hgq2 else (),
    )
    run_study(config, overrides or [], options, output, workers=workers)


Events = Annotated[
    Path, typer.Option(help="Held-out events: NanoAOD, HDF5, parquet, simulation, or .npy of integers.")
]
MaxEvents = Annotated[int, typer.Option(min=1, help="Compare at most so many events.")]


@app.command("import")
def import_(
    version: Annotated[
        str, typer.Argument(metavar="VERSION", help="For example axol1tl_v3 or cicada_v2p1p2.")
    ],
    weights: Annotated[Path, typer.Argument(metavar="WEIGHTS", help="npz file of the published arrays.")],
    output: Annotated[Path, typer.Option(help="Folder of the trigger model.")],
) -> None:
    """Rebuild a trigger deployed by CMS from its published weights."""
    from analysis.commands.trigger_firmware import import_model

    import_model(version, weights, output)


@app.command()
def build(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="Folder of a trigger model.")],
    events: Events,
    output: Annotated[Path, typer.Option(help="Folder of the firmware.")],
    backend: Annotated[str, typer.Option(help="Vitis, Vivado, Catapult or Quartus.")] = "Vitis",
    part: Annotated[str | None, typer.Option(help="FPGA; by default the usual one of the backend.")] = None,
    clock_period: Annotated[float, typer.Option(help="In ns.")] = 6.25,
    reuse_factor: Annotated[
        int, typer.Option(min=1, help="Multiplications per multiplier; the Verilog has none.")
    ] = 1,
    initiation_interval: Annotated[
        int | None,
        typer.Option(min=1, help="Clocks from one event to the next; by default the reuse factor."),
    ] = None,
    version: Annotated[
        str | None, typer.Option(help="Of the emulator; by default that in the model's name.")
    ] = None,
    yosys: Annotated[bool, typer.Option("--yosys", help="Count cells with Yosys (a minute).")] = False,
    max_events: MaxEvents = 5000,
) -> None:
    """Write the hls4ml project, emulator and Verilog of a model; synthesise where a vendor's tool is."""
    from analysis.commands.trigger_firmware import build_model
    from firmware.routes.target import Target

    target = Target(part, clock_period, reuse_factor, initiation_interval)
    build_model(
        model,
        events,
        output,
        backend=backend,
        target=target,
        version=version,
        yosys=yosys,
        max_events=max_events,
    )


@app.command()
def verify(
    build_folder: Annotated[Path, typer.Argument(metavar="BUILD", help="Folder that `build` wrote.")],
    events: Events,
    max_events: MaxEvents = 5000,
) -> None:
    """Compare QKeras, C simulation, emulator and RTL simulation event by event; fail below 100 %."""
    from analysis.commands.trigger_firmware import verify_model

    verify_model(build_folder, events, max_events=max_events)
