"""Stage `report` of a search in classes of events: plots, numbers, and everything in one HTML file."""

import json
from itertools import chain

import numpy as np

from analysis.engine import provenance
from analysis.engine.job import Job, Tools
from analysis.engine.json_file import read_json, write_json
from analysis.engine.manifest import read_manifest
from analysis.report.class_figures import class_figures
from analysis.report.class_summary import class_summary, p_tilde_words
from analysis.report.page import render, save_figures
from analysis.stages.data_set import CUTFLOW
from analysis.stages.scan_classes import ARRAYS, SCAN

REPORT, NUMBERS = "report.html", "results.json"
MOST_ROWS = 50


def write_class_report(job: Job, tools: Tools) -> None:  # noqa: ARG001
    """Write `report.html`, `results.json` and `plots/*.{png,pdf}`.

    Arguments: `name`, `title`, `reference`, `data_text`, `label`, `luminosity` (1/fb), facts of the
    `samples`, titles of the `groups` of processes and of the `cuts`, `configuration`, `closed`, and `filled`,
    the names of the stages with histograms.
    """
    names, found = job.arguments, read_json(job.after["scan"] / SCAN)
    results = found["results"]
    right = f"{names['luminosity']:g} fb$^{{-1}}$"
    with np.load(job.after["scan"] / ARRAYS) as stored:
        arrays = dict(stored)
    summary = class_summary(results, arrays["rounds"])
    figures = class_figures(results, arrays, names["groups"], names["label"], right)
    plots = save_figures(figures, job.folder / "plots")
    cutflows = {name: read_json(job.after[name] / CUTFLOW) for name in names["filled"]}
    content = {
        "searched": names["data_text"],
        "label": names["label"],
        "settings": json.loads(names["configuration"]),
        "samples": names["samples"],
        "groups": names["groups"],
        "summary": summary,
        "results": results,
        "unexpected": found["unexpected"],
        "uncertainties": found["uncertainties"],
        "cutflow": cutflows,
    }
    write_json(job.folder / NUMBERS, content)
    page = render(
        "classes.html.j2",
        header=names,
        results=content,
        rows=[one | {"p_tilde_words": p_tilde_words(one)} for one in results[:MOST_ROWS] if one["region"]],
        vetoes=_vetoes(results),
        plots=plots,
        manifests=[read_manifest(folder) for folder in job.after.values()],
        environment=provenance.environment(),
    )
    (job.folder / REPORT).write_text(page)


def _vetoes(results: list[dict[str, dict[str, int]]]) -> dict[str, int]:
    """How many regions were left out for what reason, in all distributions."""
    reasons = dict.fromkeys(chain.from_iterable(one["vetoed"] for one in results))
    return {reason: sum(one["vetoed"].get(reason, 0) for one in results) for reason in reasons}
