"""Writes the report of a search: plots as PNG and PDF, numbers as JSON, everything in one HTML file."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis import provenance
from analysis.blinding import outside_windows
from analysis.closure import largest_excess
from analysis.configuration import Configuration
from analysis.report.plots import plot_blinded_spectrum, plot_kept_jets, plot_scores
from analysis.search import Search
from analysis.stages import read_manifest, write_json
from analysis.train import load_events

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 110


def write_report(
    search: Search, configuration: Configuration, folders: Mapping[str, Path], folder: Path
) -> None:
    """Write `report.html`, `results.json` and `plots/*.{png,pdf}` into `folder`.

    `folders` maps the name of each finished stage to its products; without a `scan` the search is blinded.
    """
    results = _results(folders)
    figures = list(_blinded_figures(search, configuration, folders))
    if results["spectra"]:
        figures = list(_figures(search, configuration, folders, results))
    sections = [_save_figure(name, caption, figure, folder / "plots") for name, caption, figure in figures]
    write_json(folder / "results.json", results)
    (folder / "report.html").write_text(
        _render(
            search=search,
            configuration=configuration,
            results=results,
            verdicts=[_verdict(name, spectrum) for name, spectrum in results["spectra"].items()],
            plots=sections,
            manifests=[read_manifest(stage) for stage in folders.values()],
            environment=provenance.environment(),
        )
    )


def _results(folders: Mapping[str, Path]) -> dict[str, Any]:
    scan = json.loads((folders["scan"] / "results.json").read_text()) if "scan" in folders else {"spectra": {}}
    closure = json.loads((folders["closure"] / "closure.json").read_text()) if "closure" in folders else []
    return scan | {"cutflow": json.loads((folders["select"] / "cutflow.json").read_text()), "closure": closure}


def _blinded_figures(
    search: Search, configuration: Configuration, folders: Mapping[str, Path]
) -> Iterator[tuple[str, str, "Figure"]]:
    mjj = load_events(folders["select"], configuration)["mjj"]
    windows = list(search.mass_windows(configuration.detector).values())
    open_mjj = mjj[outside_windows(mjj, windows)]
    yield "blinded_spectrum", "Spectrum outside the closed mass windows", plot_blinded_spectrum(open_mjj, windows)


def _figures(
    search: Search, configuration: Configuration, folders: Mapping[str, Path], results: Mapping[str, Any]
) -> Iterator[tuple[str, str, "Figure"]]:
    from analysis.report.event_display import most_anomalous_event, plot_event
    from fits.plots import plot_p_values, plot_spectrum
    from fits.scan import MassScan
    from fits.spectrum import Spectrum

    spectra = results["spectra"]
    labels = {name: "all events" if name == "inclusive" else f"anomalous in window {name}" for name in spectra}
    scans = {labels[name]: MassScan.from_json(result["scan"]) for name, result in spectra.items()}
    yield "p_values", "Local p-value before and after the anomaly cut", plot_p_values(scans)
    for name, result in spectra.items():
        spectrum, expected = Spectrum.from_json(result["spectrum"]), np.array(result["background"]["expected"])
        yield f"spectrum_{name}", f"Dijet spectrum of {labels[name]} with the background fit", plot_spectrum(spectrum, expected)
    events = load_events(folders["select"], configuration)
    for name, window in search.mass_windows(configuration.detector).items():
        scores = np.load(folders[f"train-{name}"] / "scores.npz")
        score, threshold = scores["score"], float(scores["threshold"])
        yield f"scores_{name}", f"Anomaly score, window {name}", plot_scores(events, score, threshold, window)
        inside = window.in_signal_region(events["mjj"])
        caption = f"Jets of the events kept in window {name} against the rest"
        yield f"kept_jets_{name}", caption, plot_kept_jets(events, inside & (score > threshold), inside & (score <= threshold))
        event = most_anomalous_event(events, np.where(inside, score, -np.inf), configuration)
        yield f"event_{name}", f"The most anomalous event of window {name}", plot_event(event)


def _save_figure(name: str, caption: str, figure: "Figure", folder: Path) -> dict[str, str]:
    from matplotlib import pyplot

    folder.mkdir(exist_ok=True)
    figure.savefig(folder / f"{name}.pdf")
    figure.savefig(folder / f"{name}.png", dpi=DOTS_PER_INCH)
    pyplot.close(figure)
    return {"name": name, "caption": caption, "png": base64.b64encode((folder / f"{name}.png").read_bytes()).decode()}


def _verdict(name: str, result: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "excess": largest_excess({name: result}), **result}


def _render(**content: Any) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    return environment.get_template("report.html.j2").render(**content)
