"""The verb `fit`: its options."""

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from analysis.commands.options import LARGEST_SEED

MOST_TOYS = 10**7


def fit(
    spectra: Annotated[
        list[str],
        typer.Argument(
            metavar="SPECTRUM",
            help="file.root:histogram, a .csv or HEPData .yaml table, or masses; NAME=FILE gives a name. "
            "Several are categories with a background each and one signal (--shares).",
        ),
    ],
    scan_masses: Annotated[
        str | None,
        typer.Option(
            "--scan",
            metavar="LOW:HIGH:STEP",
            help="Resonance masses in GeV; by default all that the spectrum has room for.",
        ),
    ] = None,
    shares: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Fraction of the signal events in each spectrum.")
    ] = None,
    background: Annotated[str, typer.Option(help="dijet, ua2, atlas, modified_exponential, ...")] = "dijet",
    parameters: Annotated[
        int | None,
        typer.Option(min=1, help="Shape parameters of the background; by default chosen."),
    ] = None,
    choice: Annotated[
        Literal["with-signal", "f-test", "in-turn"],
        typer.Option(help="How they are chosen: with-signal, f-test (CMS) or in-turn (ATLAS)."),
    ] = "with-signal",
    signal_file: Annotated[
        Path | None, typer.Option("--signal", help="JSON with one double Crystal Ball, or several by mass.")
    ] = None,
    width: Annotated[
        float, typer.Option(help="Relative width of a Gaussian signal without --signal.")
    ] = 0.035,
    mass_range: Annotated[
        str | None, typer.Option("--range", metavar="LOW:HIGH", help="Mass range of the fit in GeV.")
    ] = None,
    limits: Annotated[bool, typer.Option("--limits", help="Upper limits on signal events as well.")] = False,
    limit_toys: Annotated[
        int,
        typer.Option(
            min=0, help="Toys of a limit with few events under the peak; 0: asymptotic formulae everywhere."
        ),
    ] = 500,
    expected_signal: Annotated[
        float | None,
        typer.Option(help="Events of signal to expect a significance of; by default the median limit."),
    ] = None,
    toys: Annotated[int, typer.Option(min=0, max=MOST_TOYS, help="Toys for the global significance.")] = 0,
    uncertainties: Annotated[
        str | None,
        typer.Option(
            help="Of the signal: scale=0.01,resolution=0.035,luminosity=0.016 unless given; or none. "
            "NAME.efficiency=0.1 acts in one category only."
        ),
    ] = None,
    uncertain_p_values: Annotated[
        bool,
        typer.Option(
            "--uncertain-p-values/--exact-p-values",
            help="p-values with the uncertainties of the signal, as limits, or of the signal as given.",
        ),
    ] = True,
    check: Annotated[
        list[str] | None,
        typer.Option(
            help="goodness, range, bias, spurious-signal, impacts, compatibility, likelihood-scan, "
            "discrete-profiling, discovery-reach, bump-hunter, feldman-cousins, toy-limit or zfit (the same "
            "fit in zfit); repeatable."
        ),
    ] = None,
    check_toys: Annotated[
        int, typer.Option(min=2, max=MOST_TOYS, help="Toys of each check that needs some.")
    ] = 200,
    export: Annotated[
        list[str] | None, typer.Option(help="hepdata, combine or hs3 (at the largest excess); repeatable.")
    ] = None,
    column: Annotated[str | None, typer.Option(help="Column of a table that holds the events.")] = None,
    edge_columns: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="LOW HIGH", help="Columns of a table with the edges of its bins."),
    ] = None,
    luminosity: Annotated[
        float | None, typer.Option(min=0, help="In 1/fb, for tables of cross sections.")
    ] = None,
    unbinned: Annotated[
        bool, typer.Option("--unbinned", help="Fit lists of masses in the --range without bins.")
    ] = False,
    collision_energy: Annotated[float, typer.Option(min=1, help="In GeV.")] = 13000.0,
    output: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("results/fit"),
    workers: Annotated[int, typer.Option(min=1, max=1024, help="Processes at work.")] = 2,
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_SEED, help="Same seed and settings, same toys.")
    ] = 1,
    label: Annotated[str, typer.Option(help="Whose figures these are.")] = "Mapless",
) -> None:
    """Fit any mass spectra: choice of the background, p-values, limits, global significance, exports."""
    from analysis.commands.fit.command import fit_spectra
    from analysis.commands.fit.options import (
        FitOptions,
        check_finite,
        parse_masses,
        parse_range,
        parse_shares,
        parse_uncertainties,
    )
    from fits.resonance_search import ResonanceSettings, Smooth

    check_finite(
        width=width,
        expected_signal=expected_signal,
        luminosity=luminosity,
        collision_energy=collision_energy,
    )
    sizes = None if parameters is None else (parameters,)
    settings = partial(
        ResonanceSettings,
        background=Smooth(background, sizes, choice, collision_energy=collision_energy),
        limits=limits,
        limit_toys=limit_toys,
        expected_signal=expected_signal,
        toys=toys,
        uncertainties=parse_uncertainties(uncertainties),
        uncertain_p_values=uncertain_p_values,
        checks=tuple(check or ()),
        check_toys=check_toys,
        exports=tuple(export or ()),
        seed=seed,
        workers=workers,
    )
    fit_spectra(
        FitOptions(
            sources=tuple(spectra),
            output=output,
            masses=None if scan_masses is None else parse_masses(scan_masses),
            settings=settings,
            shares=parse_shares(shares),
            signal=signal_file,
            width=width,
            mass_range=parse_range(mass_range),
            column=column,
            edge_columns=edge_columns,
            luminosity=luminosity,
            unbinned=unbinned,
            label=label,
        )
    )
