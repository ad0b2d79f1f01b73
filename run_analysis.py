#!/usr/bin/env python3
"""Command line of Mapless; `./run_analysis.py` without arguments runs the default search."""

import sys
import warnings
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Literal

from errors import MaplessError, complaint

try:
    import typer
    from typer.exceptions import TyperException

    from analysis.commands import trigger
    from analysis.commands.supervision import supervised
except ModuleNotFoundError:
    sys.exit("mapless: the environment is not set up; run `source setup.sh` first")

app = typer.Typer(
    help="Searches for new physics at the LHC that do not need to know what they look for.",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.add_typer(trigger.app, name="trigger")

MOST_TOYS, LARGEST_SEED = 10**7, 2**31 - 1

SearchName = Annotated[
    str | None,
    typer.Argument(metavar="SEARCH", help="Name of a search; `list` shows them. --config names its own."),
]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="YAML file instead of the search's own.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override one setting; repeatable.")
]
MaxEvents = Annotated[int | None, typer.Option(min=1, help="Read at most so many events of each input.")]
Threads = Annotated[
    int, typer.Option(min=1, max=1024, help="Threads of the event loop, the training and the fits.")
]
Workers = Annotated[
    int,
    typer.Option(
        min=1, max=1024, help="Processes that run independent stages side by side, sharing the threads."
    ),
]
Output = Annotated[Path | None, typer.Option(help="Folder of the results; by default results/SEARCH.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would run and stop.")]
Fresh = Annotated[bool, typer.Option("--fresh/--resume", help="Redo finished stages, or keep them.")]
Unblind = Annotated[
    bool, typer.Option("--unblind", help="Open the signal region of data (closure must hold).")
]


@app.callback(invoke_without_command=True)
def default(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Search for new physics without a map: from ROOT files to anomaly scores, spectra and p-values."""
    if context.invoked_subcommand is None:
        run()


def _stages_up_to(last: str) -> Callable[..., None]:
    """Make the command that runs a search up to and including one stage."""

    def command(
        search: SearchName = None,
        config: ConfigFile = None,
        overrides: Overrides = None,
        max_events: MaxEvents = None,
        threads: Threads = 2,
        workers: Workers = 1,
        output: Output = None,
        dry_run: DryRun = False,
        fresh: Fresh = False,
        unblind: Unblind = False,
    ) -> None:
        from analysis.commands.run import RunOptions, run_search

        options = RunOptions(
            output=output,
            last=last,
            max_events=max_events,
            threads=threads,
            workers=workers,
            dry_run=dry_run,
            fresh=fresh,
            unblind=unblind,
        )
        run_search(search, config, tuple(overrides or ()), options)

    return command


run = _stages_up_to("report")
app.command("run", help="Run a whole search: select, train, scan and report.")(run)
app.command("select", help="Run the event selection only.")(_stages_up_to("select"))
app.command("train", help="Run up to the trained detectors.")(_stages_up_to("train"))
app.command("scan", help="Run up to the fits, p-values and limits.")(_stages_up_to("scan"))
app.command("report", help="Run what is missing and write the report.")(_stages_up_to("report"))


@app.command("list")
def list_searches() -> None:
    """List the searches."""
    from analysis.commands.show import print_searches

    print_searches()


@app.command()
def show(search: SearchName = None, config: ConfigFile = None, overrides: Overrides = None) -> None:
    """Show a search: its configuration, regions, hunts and spectra."""
    from analysis.commands.show import print_search

    print_search(search, config, tuple(overrides or ()))


@app.command()
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


@app.command()
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
) -> None:
    """Convert files of other formats to ROOT, once, and back."""
    from analysis.commands.convert import convert_files

    convert_files(files, output, columns, radius, trimming_fraction, first_run)


@app.command()
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
        str, typer.Option("--scan", metavar="LOW:HIGH:STEP", help="Resonance masses in GeV.")
    ],
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
    settings = ResonanceSettings(
        masses=parse_masses(scan_masses),
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
            search=settings,
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


@app.command()
def doctor() -> None:
    """Check Python, ROOT, the compiler and the packages, and say how to get what is missing."""
    from analysis.commands.doctor import examine

    raise typer.Exit(0 if examine() else 1)


@app.command()
def selftest() -> None:
    """Compute golden numbers on this machine and compare them with the recorded ones."""
    from analysis.commands.selftest import run_selftest

    raise typer.Exit(0 if run_selftest() else 1)


def main() -> int:
    """Run the command line; an error is one line on stderr, its exit code as `errors.complaint` gives it."""
    warnings.showwarning = lambda message, *_, **__: _tell(f"warning: {message}")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # terminals that know no σ, names that are no text
    try:
        return _run([argument for argument in sys.argv[1:] if argument != "--debug"])
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        text, code = complaint(error)
        _tell(text)
        return code


def _run(arguments: list[str]) -> int:
    """Run a command; MaplessError for a wrong option, its exit code where it has one."""
    try:
        return app(arguments, standalone_mode=False) or 0
    except typer.Abort as error:  # what typer makes of an EOFError
        raise error.__cause__ or error from None
    except TyperException as error:
        message, context = error.format_message(), getattr(error, "ctx", None)
        if not message.strip():  # help was printed where a verb is missing
            return error.exit_code
        help_of = f"; see {context.command_path} --help" if context else ""
        raise MaplessError(f"{message.rstrip('.')}{help_of}") from None


def _tell(text: str) -> None:
    print(f"mapless: {' '.join(text.split())}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(supervised(main))
