"""Writes the report of a search: plots as PNG and PDF, numbers as JSON, everything in one HTML file."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis import provenance
from analysis.blinding import outside_windows
from analysis.closure import largest_excess
from analysis.configuration import Configuration
from analysis.report.page import render, save_figures
from analysis.report.plots import plot_blinded_spectrum, plot_kept_jets, plot_scores
from analysis.search import Search
from analysis.stages import read_manifest, write_json
from analysis.train import load_events

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fits.fit import SpectrumFit
    from fits.signals import DoubleCrystalBall
    from fits.significance.mass_scan import MassScan


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
    plots = save_figures(figures, folder / "plots")
    write_json(folder / "results.json", results)
    (folder / "report.html").write_text(
        render(
            "report.html.j2",
            search=search,
            configuration=configuration,
            results=results,
            verdicts=[_verdict(name, spectrum) for name, spectrum in results["spectra"].items()],
            plots=plots,
            manifests=[read_manifest(stage) for stage in folders.values()],
            environment=provenance.environment(),
        )
    )


def _results(folders: Mapping[str, Path]) -> dict[str, Any]:
    scan = (
        json.loads((folders["scan"] / "results.json").read_text()) if "scan" in folders else {"spectra": {}}
    )
    closure = json.loads((folders["closure"] / "closure.json").read_text()) if "closure" in folders else []
    return scan | {
        "cutflow": json.loads((folders["select"] / "cutflow.json").read_text()),
        "closure": closure,
    }


def _blinded_figures(
    search: Search, configuration: Configuration, folders: Mapping[str, Path]
) -> Iterator[tuple[str, str, "Figure"]]:
    mjj = load_events(folders["select"], configuration)["mjj"]
    windows = list(search.mass_windows(configuration.detector).values())
    open_mjj = mjj[outside_windows(mjj, windows)]
    yield (
        "blinded_spectrum",
        "Spectrum outside the closed mass windows",
        plot_blinded_spectrum(open_mjj, windows),
    )


def _figures(
    search: Search, configuration: Configuration, folders: Mapping[str, Path], results: Mapping[str, Any]
) -> Iterator[tuple[str, str, "Figure"]]:
    from analysis.report.event_display import most_anomalous_events, plot_event
    from fits.plots.p_values import plot_p_values
    from fits.plots.spectrum import plot_spectrum
    from fits.signals import DoubleCrystalBall

    label = "Mapless" if configuration.events.is_data else "Mapless simulation"
    signal = DoubleCrystalBall.from_json(results["signal_shape"])
    fitted = {_title(name): fitted_again(result, signal) for name, result in results["spectra"].items()}
    scans = {title: scan for title, (scan, _) in fitted.items()}
    yield "p_values", "Local p-value before and after the anomaly cut", plot_p_values(scans, label=label)
    for name, (title, (scan, with_signal)) in zip(results["spectra"], fitted.items(), strict=True):
        figure = plot_spectrum(scan.null.spectrum, scan.null, title=title, signal=with_signal, label=label)
        yield (
            f"spectrum_{name}",
            f"Dijet spectrum with the background fit and the largest excess: {title}",
            figure,
        )
    events = load_events(folders["select"], configuration)
    for name, window in search.mass_windows(configuration.detector).items():
        scores = np.load(folders[f"train-{name}"] / "scores.npz")
        score, threshold = scores["score"], float(scores["threshold"])
        yield f"scores_{name}", f"Anomaly score, window {name}", plot_scores(events, score, threshold, window)
        inside = window.in_signal_region(events["mjj"])
        caption = f"Jets of the events kept in window {name} against the rest"
        yield (
            f"kept_jets_{name}",
            caption,
            plot_kept_jets(events, inside & (score > threshold), inside & (score <= threshold)),
        )
        shown = most_anomalous_events(events, np.where(inside, score, -np.inf), configuration)
        for which, event in shown.items():
            caption = f"Event of window {name}: {which.replace('_', ' ')}"
            yield f"event_{name}_{which}", caption, plot_event(event)


def fitted_again(
    result: Mapping[str, Any], signal: "DoubleCrystalBall"
) -> tuple["MassScan", "SpectrumFit | None"]:
    """Return the stored scan with its background fit, and the fit with signal at the largest excess."""
    from fits.backgrounds import Dijet
    from fits.fit import fit_background, fit_signal
    from fits.significance.mass_scan import MassPoint, MassScan
    from fits.spectrum import Spectrum

    null = fit_background(Spectrum(**result["spectrum"]), Dijet(result["n_background_parameters"] - 1))
    scan = MassScan(tuple(MassPoint(**point) for point in result["scan"]["points"]), null)
    excess = largest_excess({"": result})
    return scan, fit_signal(null, signal.scaled_to(excess["mass"])) if excess["significance"] else None


def _title(name: str) -> str:
    return "All events" if name == "inclusive" else f"After the anomaly cut, window {name}"


def _verdict(name: str, result: Mapping[str, Any]) -> dict[str, Any]:
    return {"title": _title(name), "excess": largest_excess({name: result}), **result}
