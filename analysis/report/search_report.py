"""Stage `report`: plots as PNG and PDF, numbers as JSON, and everything in one HTML file."""

import json
from collections.abc import Mapping
from itertools import chain
from typing import Any

import numpy as np

from analysis.engine import provenance
from analysis.engine.job import Job, Tools
from analysis.engine.json_file import read_json, write_json
from analysis.engine.manifest import read_manifest
from analysis.report.agreement_figures import correlation_figure, mass_figures
from analysis.report.closure_figures import closure_figures
from analysis.report.explanation_figures import explanation_figure
from analysis.report.fit_figures import fit_figures
from analysis.report.grid_figures import grid_figures
from analysis.report.hunt_view import HuntView, SampleFiles
from analysis.report.open_figure import open_figure
from analysis.report.page import render, save_figures
from analysis.report.score_figures import Figures, file_name, score_figures
from analysis.report.search_header import EVENTS, search_header
from analysis.report.selected_events import write_selected_events
from analysis.report.stitched_figure import stitched_figures
from analysis.report.varied_yields import varied_yields
from analysis.stages.closure import CLOSURE
from analysis.stages.convert import converted_parts
from analysis.stages.cut import cut_first, mask_file
from analysis.stages.data_set import CUTFLOW, read_events
from analysis.stages.excess import EXCESS
from analysis.stages.explain import EXPLANATION
from analysis.stages.fit import RESULTS
from analysis.stages.global_significance import GLOBAL
from analysis.stages.grid import CELLS, GRID
from analysis.stages.open_spectrum import SPECTRUM
from analysis.stages.score import SCORES
from models.made import make

REPORT = "report.html"
NUMBERS = "results.json"


def write_report(job: Job, tools: Tools) -> None:  # noqa: ARG001
    """Write `report.html`, `results.json`, `plots/*.{png,pdf}` and `events/*.csv`, those that hunts keep.

    Arguments: `name`, `title`, `reference`, `data_text`, `label`, `configuration`, `closed`, facts of the
    `samples`, the titles of the `cuts` of each region; what there is of
    `selections`, `shifted` ones, `fits`, `grids`, `open_spectra`: the names of these stages; those of the
    fits `background_only` by the fits that they are without signal, and `closure_fits`, those of the closure
    test; `open_rows` of the cutflows of closed selections; `hunts` (data set, window, samples, masses of each
    chain) and the `figures` to draw of them; titles of the columns that an excess is `described` by.
    """
    results = _results(job)
    label = job.arguments["label"]
    drawn = chain(fit_figures(results, label), stitched_figures(results, label))
    figures = chain(_grid_figures(job, results), _open_figures(job), drawn, _hunt_figures(job, results))
    plots = save_figures(figures, job.folder / "plots")
    closure_plots = save_figures(closure_figures(results["closure_fits"]), job.folder / "plots")
    write_json(job.folder / NUMBERS, results)
    page = render(
        "search.html.j2",
        header=search_header(job.arguments, results),
        results=results,
        plots=plots,
        closure_plots=closure_plots,
        manifests=[read_manifest(folder) for folder in job.after.values()],
        environment=provenance.environment(),
    )
    (job.folder / REPORT).write_text(page)


def _results(job: Job) -> dict[str, Any]:
    """All numbers that the stages have stored."""
    names = job.arguments

    def stored(kind: str, file: str) -> dict[str, Any]:
        return {name: read_json(job.after[name] / file) for name in names[kind]}

    cutflows = stored("selections", CUTFLOW)
    found = read_json(job.after["global"] / GLOBAL) if "global" in job.after else None
    return {
        "summary": found,
        "label": names["label"],
        "settings": json.loads(names["configuration"]),
        "samples": names["samples"],
        "explanation": read_json(job.after["explain"] / EXPLANATION) if "explain" in job.after else None,
        "excess": read_json(job.after["excess"] / EXCESS) if "excess" in job.after else None,
        "fits": stored("fits", RESULTS),
        "grids": stored("grids", GRID),
        **{
            kind: {fit: read_json(job.after[stage] / RESULTS) for fit, stage in names[kind].items()}
            for kind in ("background_only", "closure_fits")
        },
        "closure": read_json(job.after["closure"] / CLOSURE) if "closure" in job.after else [],
        "cutflow": {name: _open(flow, names["open_rows"].get(name)) for name, flow in cutflows.items()},
        "variations": varied_yields([*cutflows.values(), *stored("shifted", CUTFLOW).values()]),
    }


def _open(flow: dict[str, Any], n_rows: int | None) -> dict[str, Any]:
    """A cutflow as far as it may be seen, with the title of the first cut whose events are closed."""
    if n_rows is None:
        return flow | {"closed_from": None}
    cuts = flow["cutflow"]["cuts"]
    return flow | {"cutflow": flow["cutflow"] | {"cuts": cuts[:n_rows]}, "closed_from": cuts[n_rows]["title"]}


def _grid_figures(job: Job, results: Mapping[str, Any]) -> Figures:
    for name, one in results["grids"].items():
        with np.load(job.after[name] / CELLS) as cells:
            yield from grid_figures(one, dict(cells), job.arguments["label"])


def _open_figures(job: Job) -> Figures:
    for name in job.arguments["open_spectra"]:
        stored = read_json(job.after[name] / SPECTRUM)
        caption = f"{stored['spectrum']}: what lies outside of the closed intervals"
        yield f"open_{stored['spectrum']}", caption, open_figure(stored, job.arguments["label"])


def _hunt_figures(job: Job, results: Mapping[str, Any]) -> Figures:
    """Scores, features and what the search declares, hunt by hunt; then how the scores of hunts agree."""
    found, label = results["explanation"], job.arguments["label"]
    for name, hunt in job.arguments["hunts"].items():
        view = _hunt_view(job, name)
        yield from score_figures(view)
        yield from mass_figures(view)
        yield from explanation_figure(name, view.title, found["hunts"][name], label)
        write_selected_events(view, hunt["masses"], job.folder / EVENTS / f"{view.name}.csv")
        for made in job.arguments["figures"]:
            yield from make(made, {}).draw(view)
    for one in found["correlations"] if found else ():
        yield from correlation_figure(one, label)


def _hunt_view(job: Job, name: str) -> HuntView:
    from selections.scores import read_scores

    hunt = job.arguments["hunts"][name]
    data, window = hunt["data"], hunt["window"]
    events = read_events(job, data)
    masks = read_scores(job.after[f"cut-{name}"] / mask_file(data), events)
    scores = read_scores(job.after[f"score-{name}-{data.name}"] / SCORES, events)
    return HuntView(
        file_name(name),
        f"hunt {hunt['hunt']}" + (f", window {window.name}" if window else ""),
        events,
        cut_first(job.after[f"cut-{name}"], scores),
        {category: mask.astype(bool) for category, mask in masks.items()},
        window.in_signal_region(events[window.column]) if window else np.ones(len(events), bool),
        window,
        {
            number: SampleFiles(
                converted_parts(sample.name, sample.parts, job.after),
                frozenset(read_json(job.after[place] / CUTFLOW)["lacking_columns"]),
            )
            for number, (sample, place) in hunt["samples"].items()
        },
        job.arguments["label"],
    )
