#!/usr/bin/env python3
"""Command line of Mapless; `./run_analysis.py` without arguments runs the default search."""

import sys
import warnings
from io import TextIOWrapper
from typing import Annotated

from errors import MaplessError, complaint

try:
    import typer
    from typer.exceptions import TyperException

    from analysis.commands import batch, results, samples, search, trigger
    from analysis.commands.fit.verb import fit
    from analysis.commands.limits import limits
    from analysis.commands.supervision import supervised
except ModuleNotFoundError:
    sys.exit("mapless: the environment is not set up; run `source setup.sh` first")

app = typer.Typer(
    help="Searches for new physics at the LHC that do not need to know what they look for.",
    no_args_is_help=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from analysis.engine.provenance import versions

        typer.echo("\n".join(f"{name} {version}" for name, version in versions().items()))
        raise typer.Exit()


@app.callback(invoke_without_command=True)
def default(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Search for new physics without a map: from ROOT files to anomaly scores, spectra and p-values."""
    if context.invoked_subcommand is None:
        run()


run = search.up_to("report")
app.command("run", help="Run a whole search: select, train, scan and report.")(run)
app.command("select", help="Run the event selection only.")(search.up_to("select"))
app.command("train", help="Run up to the trained detectors.")(search.up_to("train"))
app.command("scan", help="Run up to the fits, p-values and limits.")(search.up_to("scan"))
app.command("report", help="Run what is missing and write the report.")(search.up_to("report"))
app.command("explain", help="Say why the events that are kept are kept: features, events, agreement.")(
    search.up_to("explain")
)
app.command("list")(search.list_searches)
app.command()(search.show)
app.command()(search.new)
app.command()(results.status)
app.command()(results.clean)
app.command()(results.plot)
app.command()(results.diff)
app.command()(samples.simulate)
app.command()(samples.convert)
app.command()(fit)
app.command()(limits)
app.command()(batch.submit)
app.command()(batch.merge)
app.add_typer(trigger.app, name="trigger")


@app.command()
def doctor() -> None:
    """Check Python, ROOT, the compiler and the packages, and say how to get what is missing."""
    from analysis.commands.doctor import examine

    raise typer.Exit(0 if examine() else 1)


@app.command()
def selftest() -> None:
    """Compute numbers of jets, folds and fits and compare them with recorded ones."""
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
