"""Spectra of data stay closed until the closure test has passed and the user says `--unblind`."""

from pathlib import Path

from analysis.engine.json_file import read_json
from analysis.engine.stage import Stage
from analysis.search import Search
from analysis.stages.closure import CLOSURE
from errors import MaplessError
from selections.expressions import columns_used
from selections.graph import Selection
from selections.steps import Cut


def is_closed(search: Search, *, unblind: bool) -> bool:
    """Tell whether closed intervals must not be looked at; `()` as its intervals leaves a spectrum open."""
    some = any(spectrum.blind is None or spectrum.blind for spectrum in search.spectra)
    return search.samples[search.data].role == "data" and some and not unblind


def open_rows(search: Search, region: str) -> int | None:
    """How many rows of the cutflow of data in a region may be seen while its spectra are closed; None: all.

    Those before the first cut on a closed mass, and never the last: with the events that are open it would
    tell how many are closed.
    """
    selection = search.selection(region, search.data)
    closed = {one.column for one in search.spectra if one.region == region and one.blind != ()}
    if not closed:
        return None
    cuts = (place for place, cut in enumerate(selection.cuts) if _columns_of(selection, cut) & closed)
    return min(next(cuts, len(selection.cuts)) + 1, len(selection.cuts))


def _columns_of(selection: Selection, cut: Cut) -> set[str]:
    """All columns that decide a cut."""
    own = {column.name: column.expression for column in selection.columns}
    found: set[str] = set()
    waiting = [*columns_used(cut.expression)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += columns_used(own.get(name, ""))
    return found


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
