"""What `./run_analysis.py fit` writes."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis import provenance
from analysis.fit_categories import search_model
from analysis.fit_options import FitSettings
from analysis.fit_spectrum import Report, SpectrumResults
from analysis.stages import write_json
from fits.export.results_json import category_results_by_mass, results_by_mass
from fits.search_model import SearchModel
from fits.significance.mass_scan import MassPoints, MassScan

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 130


def write_results(results: SpectrumResults, settings: FitSettings, report: Report) -> None:
    """Write `results.json`, `plots/*.{png,pdf}` and the exports beside the output, then move them in.

    `results.json` moves last: where it exists, everything else does.
    """
    output = settings.output
    partial = output.with_name(f".{output.name}.partial-{os.getpid()}")
    partial.mkdir(parents=True)
    try:
        _write_plots(results, settings, partial / "plots", report)
        _write_exports(results, settings, partial)
        write_json(partial / "results.json", results_to_json(results, settings))
        for file in sorted(partial.rglob("*"), key=lambda file: file.name == "results.json"):
            _move_in(file, output / file.relative_to(partial))
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def results_to_json(results: SpectrumResults, settings: FitSettings) -> dict[str, Any]:
    """Plain types: the fits by mass with the keys of CASEUtils, and everything that led to them."""
    return {
        "spectra": {
            category.name: {
                "source": category.source,
                "share": category.share,
                "n_events": category.spectrum.total,
                "spectrum": category.spectrum.to_json(),
                "background_choice": category.choice.to_json(),
            }
            for category in results.categories
        },
        "fits": _fits_by_mass(results),
        "global_significance": results.global_significance and results.global_significance.to_json(),
        "settings": vars(settings),
        **provenance.environment(),
    }


def _fits_by_mass(results: SpectrumResults) -> list[dict[str, Any]]:
    scan, beyond = results.scan, (results.limits, results.expected)
    if isinstance(scan, MassScan):
        return results_by_mass(scan, results.signal, *beyond)
    alone = {category.name: results_by_mass(category.scan, results.signal) for category in results.categories}
    return category_results_by_mass(scan, alone, *beyond)


def _write_plots(results: SpectrumResults, settings: FitSettings, folder: Path, report: Report) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    figures = _figures(results, settings)
    folder.mkdir()
    for done, (name, figure) in enumerate(figures.items(), start=1):
        figure.savefig(folder / f"{name}.pdf")
        figure.savefig(folder / f"{name}.png", dpi=DOTS_PER_INCH)
        report("plots", done, len(figures))


def _write_exports(results: SpectrumResults, settings: FitSettings, folder: Path) -> None:
    """HEPData tables of everything; the models for Combine and HS3 at the mass of the largest excess."""
    if "hepdata" in settings.exports:
        from fits.export.hepdata import write_hepdata

        (folder / "hepdata").mkdir()
        energy = settings.collision_energy
        write_hepdata(folder / "hepdata", results.scan, results.limits, collision_energy=energy)
    if "combine" in settings.exports:
        from fits.export.combine import write_combine

        (folder / "combine").mkdir()
        write_combine(_model(results, settings), folder / "combine")
    if "hs3" in settings.exports:
        from fits.export.hs3 import write_hs3

        write_hs3(_model(results, settings), folder / "model.hs3.json")


def _model(results: SpectrumResults, settings: FitSettings) -> SearchModel:
    mass = results.scan.most_significant.mass
    return search_model(results.categories, results.signal, settings.uncertainties, mass)


def _figures(results: SpectrumResults, settings: FitSettings) -> dict[str, "Figure"]:
    """One spectrum for each category, then p-values together and alone, and limits."""
    from fits.plots.limits import plot_limits
    from fits.plots.p_values import plot_p_values

    label = settings.label
    figures = {name: figure for name, figure in _spectra(results, label)}
    if isinstance(results.scan, MassScan):
        scans: dict[str, MassPoints] = {results.categories[0].choice.background.name: results.scan}
    else:
        scans = {"together": results.scan} | {category.name: category.scan for category in results.categories}
    figures["p_values"] = plot_p_values(scans, label=label)
    if results.limits is not None:
        frame = results.limits.to_frame().astype(float, errors="ignore")
        expected = frame.filter(like="expected").to_numpy(dtype=float)
        observed = frame["observed"].to_numpy(dtype=float)
        figures["limits"] = plot_limits(settings.masses, expected, observed, label=label)
    return figures


def _spectra(results: SpectrumResults, label: str) -> Iterator[tuple[str, "Figure"]]:
    from fits.plots.spectrum import plot_spectrum

    several = len(results.categories) > 1
    for category in results.categories:
        spectrum, null, title = category.spectrum, category.choice.fit, category.name if several else ""
        with_signal = results.with_signal.get(category.name)
        figure = plot_spectrum(spectrum, null, title=title, signal=with_signal, label=label)
        yield (f"spectrum_{category.name}" if several else "spectrum"), figure


def _move_in(file: Path, target: Path) -> None:
    if file.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
