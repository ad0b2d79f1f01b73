"""Stage `limit-tables`: limits on all signals as a page, tables, figures and a HEPData submission."""

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from analysis.engine import provenance
from analysis.engine.job import Job, Tools
from analysis.engine.json_file import read_json, write_json
from analysis.engine.manifest import read_manifest
from analysis.report.impact_rows import impact_figures, impact_rows
from analysis.report.limit_figures import limit_figures
from analysis.report.limit_hepdata import write_limit_submission
from analysis.report.limit_rows import INCLUSIVE, LimitRow, best_rows, limit_rows
from analysis.report.limit_tables import write_tables
from analysis.report.page import render, save_figures
from analysis.search import TestedSignal
from analysis.stages.data_set import CUTFLOW
from analysis.stages.fit import RESULTS
from analysis.stages.impacts import IMPACTS
from analysis.stages.limits import LIMITS

REPORT = "report.html"
NUMBERS = "results.json"


def write_limit_report(job: Job, tools: Tools) -> None:  # noqa: ARG001
    """Write `report.html`, `results.json`, `plots/`, `tables/` and `hepdata/`.

    Arguments: `name`, `title`, `reference`, `data_text`, `label`, `configuration`, `collision_energy` (GeV);
    `signals` (TestedSignal), each with the names of its limit stages; names of `fits` and `selections`, and
    of `impacts` by signal and fit.
    """
    names = job.arguments
    stored = {
        signal.sample: [read_json(job.after[name] / LIMITS) for name in limits]
        for signal, limits in names["signals"]
    }
    impacts = {pair: read_json(job.after[name] / IMPACTS) for pair, name in names["impacts"].items()}
    rows = [row for signal, _ in names["signals"] for row in limit_rows(signal, stored[signal.sample])]
    merged = {signal.sample: _merged(signal, stored[signal.sample]) for signal, _ in names["signals"]}
    varied = impact_rows(rows, impacts)
    figures = chain(limit_figures(rows, names["label"]), impact_figures(varied, names["label"]))
    plots = save_figures(figures, job.folder / "plots")
    write_tables(rows, job.folder / "tables")
    fits = {name: read_json(job.after[name] / RESULTS) for name in names["fits"]}
    cutflows = {name: read_json(job.after[name] / CUTFLOW) for name in names["selections"]}
    (job.folder / "hepdata").mkdir()
    write_limit_submission(job.folder / "hepdata", rows, fits, cutflows, names["collision_energy"])
    write_json(
        job.folder / NUMBERS, {"limits": merged, "impacts": impacts, "fits": fits, "cutflow": cutflows}
    )
    page = render(
        "limits.html.j2",
        header=names,
        rows=rows,
        best=best_rows(rows),
        varied=varied,
        inclusive={row.signal.sample: row for row in rows if row.method == INCLUSIVE},
        plots=plots,
        manifests=[read_manifest(folder) for folder in job.after.values()],
        environment=provenance.environment(),
    )
    (job.folder / REPORT).write_text(page)


def read_rows(folder: Path) -> list[LimitRow]:
    """The rows of all signals and methods that a report in a folder has."""
    stored = read_json(folder / NUMBERS)["limits"]
    return [row for one in stored.values() for row in limit_rows(TestedSignal(**one["tested"]), [one])]


def _merged(signal: TestedSignal, stored: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The limits on one signal from all of its stages, and what tables call it."""
    words = {"sample": signal.sample, "title": signal.title, "daughters": signal.daughters}
    return {**stored[0], "tested": words, "found": [part for one in stored for part in one["found"]]}
