"""What `./run_analysis.py fit` prints."""

import numpy as np
from rich.console import Console
from rich.table import Table

from analysis.fit_options import FitSettings
from analysis.fit_spectrum import SpectrumResults
from fits.background_choice.model_choice import BackgroundChoice
from fits.checks.goodness_of_fit import saturated_of_fit
from fits.significance.global_significance import GlobalSignificance
from fits.significance.mass_scan import MassPoint


def print_results(results: SpectrumResults, settings: FitSettings, console: Console) -> None:
    """Print what was tried as background, what was found and where it was written."""
    several = len(results.categories) > 1
    for category in results.categories:
        title = f"Choice of the background, {category.name}" if several else "Choice of the background"
        console.print(_background_table(category.choice, title))
    console.print(_findings_table(results))
    if several and any(point.significance is not None for point in results.scan.points):
        console.print(_categories_table(results))
    if results.limits is not None:
        console.print(_limits_table(results))
    console.print(f"Results: [bold]{settings.output / 'results.json'}[/], plots beside it")


def _background_table(choice: BackgroundChoice, title: str) -> Table:
    table = Table("background", "χ² / ndf", "p", "F-test p", "verdict", title=title)
    for trial in choice.trials:
        goodness = trial.goodness
        table.add_row(
            trial.fit.background.name,
            f"{_number(goodness.statistic, '.1f')} / {_number(goodness.n_degrees_of_freedom, 'd')}",
            _number(goodness.p_value, ".3f"),
            _number(trial.f_test_p_value, ".3f"),
            f"[bold]{trial.verdict}, chosen[/]" if trial.fit is choice.fit else trial.verdict,
        )
    return table


def _findings_table(results: SpectrumResults) -> Table:
    table = Table("quantity", "value", title="Search for a resonance")
    for category in results.categories:
        spectrum, saturated = category.spectrum, saturated_of_fit(category.choice.fit)
        own = f", {category.name}" if len(results.categories) > 1 else ""
        table.add_row(f"events{own}", f"{spectrum.total:,.0f} in {spectrum.low:g} to {spectrum.high:g} GeV")
        table.add_row(f"goodness of fit{own}", _p_values(category.choice.goodness.p_value, saturated.p_value))
    failed = sum(point.local_p_value is None for point in results.scan.points)
    table.add_row("masses", f"{len(results.scan.points)}, {failed} fits failed")
    if failed < len(results.scan.points):
        _add_largest_excess(table, results)
    everywhere = results.global_significance
    if everywhere is not None:
        table.add_row("global significance", _global(everywhere))
    return table


def _add_largest_excess(table: Table, results: SpectrumResults) -> None:
    point = results.scan.most_significant
    table.add_row("largest excess at", f"{point.mass:g} GeV")
    table.add_row("events of signal there", _events(point))
    table.add_row("local significance", f"{_number(point.significance, '.2f')} σ")
    if results.expected is not None:
        expected = results.expected[results.scan.points.index(point)]
        events = _number(expected.value, ".4g")
        table.add_row(f"expected for {events} events", f"{_number(expected.significance, '.2f')} σ")


def _categories_table(results: SpectrumResults) -> Table:
    mass = results.scan.most_significant.mass
    names = ("category", "share of the signal", "background", "events of signal", "local significance")
    table = Table(*names, title=f"Each category alone at {mass:g} GeV")
    for category in results.categories:
        (point,) = (point for point in category.scan.points if point.mass == mass)
        significance = f"{_number(point.significance, '.2f')} σ"
        background = category.choice.background.name
        table.add_row(category.name, f"{category.share:g}", background, _events(point), significance)
    return table


def _events(point: MassPoint) -> str:
    return f"{_number(point.signal_yield, '.0f')} ± {_number(point.signal_yield_error, '.0f')}"


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
