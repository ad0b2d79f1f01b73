"""The verbs that make samples: `simulate` and `convert`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from analysis.commands.options import LARGEST_SEED, Overrides


def simulate(
    output: Annotated[Path, typer.Option(help="RNTuple file to write; of a campaign, the folder.")],
    process: Annotated[
        str | None,
        typer.Argument(
            metavar="PROCESS", help="qcd, x_to_yy, y_to_hh, level1_zero_bias and others; see docs/signals.md."
        ),
    ] = None,
    n_events: Annotated[
        int | None, typer.Option("-n", "--events", min=1, help="Events to make, after the selection.")
    ] = None,
    card: Annotated[
        Path | None, typer.Option(help="Settings of Pythia for a process of your own, one a line.")
    ] = None,
    campaign: Annotated[
        Path | None, typer.Option(help="YAML with many samples, and mock data to draw from them.")
    ] = None,
    lhe: Annotated[
        Path | None, typer.Option(help="Les Houches events (.lhe, .lhe.gz) to shower: all of them.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=1, max=LARGEST_SEED, help="Same seed and settings, same file.")
    ] = 1,
    workers: Annotated[int, typer.Option(min=1, max=1024, help="Processes at work.")] = 2,
    quality: Annotated[
        str, typer.Option(help="full, fast (overlaid underlying event) or tiny (tests).")
    ] = "fast",
    overrides: Overrides = None,
) -> None:
    """Simulate collisions with Pythia 8 and a parametric detector."""
    from analysis.commands.simulate import simulate_campaign, simulate_les_houches, simulate_to_file

    if lhe is not None:
        others = process or card or campaign or n_events
        simulate_les_houches(lhe, output, seed, quality, tuple(overrides or ()), others)
        return
    if campaign is not None:
        simulate_campaign(campaign, output, workers, tuple(overrides or ()), process or card or n_events)
        return
    simulate_to_file(process, n_events, output, seed, workers, quality, card, tuple(overrides or ()))


def convert(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="HDF5 of CASE or the LHC Olympics, .npy of CATHODE, .hepmc, .lhe, arrays."
        ),
    ],
    output: Annotated[Path, typer.Option(help="x.root; or x.h5 (CASE), x.npy (CATHODE) out of one of ours.")],
    columns: Annotated[
        Path | None, typer.Option(help="YAML that names the arrays of your own npz or HDF5 file.")
    ] = None,
    radius: Annotated[
        float, typer.Option(min=0.1, max=1.5, help="Of the jets that are made of raw particles.")
    ] = 1.0,
    trimming_fraction: Annotated[
        float, typer.Option("--trim", min=0, max=0.5, help="Trim subjets below this share of the jet's pT.")
    ] = 0.0,
    first_run: Annotated[
        int,
        typer.Option("--run", min=1, help="Run of the first file's events, if they have none of their own."),
    ] = 1,
    target: Annotated[
        Literal["case", "lhco"],
        typer.Option("--as", help="What an .h5 out of ours is: CASE's, or particles of the LHC Olympics."),
    ] = "case",
) -> None:
    """Convert files of other formats to ROOT, once, and back."""
    from analysis.commands.convert import convert_files

    convert_files(files, output, columns, radius, trimming_fraction, first_run, target)
