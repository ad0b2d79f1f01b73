"""Spectra of data stay closed until the closure test has passed and the user says `--unblind`."""

from pathlib import Path

from analysis.engine.json_file import read_json
from analysis.engine.stage import Stage
from analysis.search import Search
from analysis.stages.closure import CLOSURE
from errors import MaplessError


def is_closed(search: Search, *, unblind: bool) -> bool:
    """Tell whether closed intervals must not be looked at; `()` as its intervals leaves a spectrum open."""
    some = any(spectrum.blind is None or spectrum.blind for spectrum in search.spectra)
    return search.samples[search.data].role == "data" and some and not unblind


def require_closure(closure: Stage | None, output: Path) -> None:
    """Raise MaplessError unless the closure test of this configuration was run and passed.

    What it and the fits that it looked at have written counts by its content.
    """
    if closure is None:
        raise MaplessError("--unblind needs a closure test; name simulated events in closure.background")
    if not all(stage.is_done(output, thorough=True) for stage in (closure, *closure.after.values())):
        raise MaplessError(
            "--unblind needs the closure report as it was written; run the same without --unblind first"
        )
    checks = read_json(closure.folder(output) / CLOSURE)
    if not checks:
        raise MaplessError("--unblind refused: the closure test checked nothing; no hunt tests a mass")
    failed = [check["name"] for check in checks if not check["passed"]]
    if failed:
        raise MaplessError(
            f"--unblind refused: closure failed ({', '.join(failed)}); see the report, mend and rerun"
        )
