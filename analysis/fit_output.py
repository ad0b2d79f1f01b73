"""What `./run_analysis.py fit` prints and writes."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.table import Table

from analysis import provenance
from analysis.fit_options import FitSettings
from analysis.fit_spectrum import Report, SpectrumResults
from analysis.stages import write_json
from fits.checks.goodness_of_fit import saturated_of_fit
from fits.export.results_json import results_by_mass
from fits.search_model import Process, SearchCategory, SearchModel
from fits.significance.global_significance import GlobalSignificance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 130


def print_results(results: SpectrumResults, settings: FitSettings, console: Console) -> None:
    """Print what was tried as background, what was found and where it was written."""
    console.print(_background_table(results))
    console.print(_findings_table(results))
    if results.limits is not None:
        console.print(_limits_table(results))
    console.print(f"Results: [bold]{settings.output / 'results.json'}[/], plots beside it")


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
        "source": settings.source,
        "n_events": results.spectrum.total,
        "spectrum": results.spectrum.to_json(),
        "background_choice": results.choice.to_json(),
        "fits": results_by_mass(results.scan, results.signal, results.limits),
        "global_significance": results.global_significance and results.global_significance.to_json(),
        "settings": vars(settings),
        **provenance.environment(),
    }


def _background_table(results: SpectrumResults) -> Table:
    table = Table("background", "χ² / ndf", "p", "F-test p", "verdict", title="Choice of the background")
    for trial in results.choice.trials:
        goodness = trial.goodness
        table.add_row(
            trial.fit.background.name,
            f"{_number(goodness.statistic, '.1f')} / {_number(goodness.n_degrees_of_freedom, 'd')}",
            _number(goodness.p_value, ".3f"),
            _number(trial.f_test_p_value, ".3f"),
            f"[bold]{trial.verdict}, chosen[/]" if trial.fit is results.choice.fit else trial.verdict,
        )
    return table


def _findings_table(results: SpectrumResults) -> Table:
    spectrum, saturated = results.spectrum, saturated_of_fit(results.choice.fit)
    table = Table("quantity", "value", title="Search for a resonance")
    table.add_row("events", f"{spectrum.total:,.0f} in {spectrum.low:g} to {spectrum.high:g} GeV")
    table.add_row("goodness of fit", _p_values(results.choice.goodness.p_value, saturated.p_value))
    failed = sum(point.local_p_value is None for point in results.scan.points)
    table.add_row("masses", f"{len(results.scan.points)}, {failed} fits failed")
    if failed < len(results.scan.points):
        point = results.scan.most_significant
        table.add_row("largest excess at", f"{point.mass:g} GeV")
        events = f"{_number(point.signal_yield, '.0f')} ± {_number(point.signal_yield_error, '.0f')}"
        table.add_row("events of signal there", events)
        table.add_row("local significance", f"{_number(point.significance, '.2f')} σ")
    everywhere = results.global_significance
    if everywhere is not None:
        table.add_row("global significance", _global(everywhere))
    return table


def _global(everywhere: GlobalSignificance) -> str:
    if everywhere.significance is None:
        return str(everywhere.status)
    significance, p_value = _number(everywhere.significance, ".2f"), _number(everywhere.p_value, ".3g")
    return f"{significance} σ, p = {p_value} ({everywhere.n_toys} toys)"


def _limits_table(results: SpectrumResults) -> Table:
    names = ("mass [GeV]", "observed", "−2σ", "−1σ", "median", "+1σ", "+2σ")
    table = Table(*names, title="95 % CL upper limits on signal events")
    for row in results.limits.to_frame().itertuples(index=False) if results.limits else ():
        numbers = (row.observed, *row[3:])
        status = "" if row.status == "good" else f" [red]{row.status}[/]"
        table.add_row(f"{row.mass:g}{status}", *(_number(number, ".4g") for number in numbers))
    return table


def _p_values(chi_square: float | None, saturated: float | None) -> str:
    return f"p = {_number(chi_square, '.3f')} (χ²), {_number(saturated, '.3f')} (saturated)"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None or not np.isfinite(value) else format(value, form)


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
        write_combine(_search_model(results, settings), folder / "combine")
    if "hs3" in settings.exports:
        from fits.export.hs3 import write_hs3

        write_hs3(_search_model(results, settings), folder / "model.hs3.json")


def _search_model(results: SpectrumResults, settings: FitSettings) -> SearchModel:
    shape = results.signal(results.scan.most_significant.mass)
    effects = settings.uncertainties.apply(results.spectrum, shape).effects
    signal = Process(shape, effects=effects)
    category = SearchCategory("dijet", results.spectrum, signal, results.choice.background)
    return SearchModel([category], parameter="signal_yield")


def _figures(results: SpectrumResults, settings: FitSettings) -> dict[str, "Figure"]:
    from fits.plots.limits import plot_limits
    from fits.plots.p_values import plot_p_values
    from fits.plots.spectrum import plot_spectrum

    label, null = settings.label, results.choice.fit
    figures = {
        "spectrum": plot_spectrum(results.spectrum, null, signal=results.with_signal, label=label),
        "p_values": plot_p_values({results.choice.background.name: results.scan}, label=label),
    }
    if results.limits is not None:
        frame = results.limits.to_frame().astype(float, errors="ignore")
        expected = frame.filter(like="expected").to_numpy(dtype=float)
        observed = frame["observed"].to_numpy(dtype=float)
        figures["limits"] = plot_limits(settings.masses, expected, observed, label=label)
    return figures


def _move_in(file: Path, target: Path) -> None:
    if file.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
