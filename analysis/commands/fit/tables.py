"""What `./run_analysis.py fit` prints, from what it has stored."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from analysis.commands.fit.check_tables import check_tables
from analysis.commands.fit.numbers import number, with_error

Stored = Mapping[str, Any]


def print_results(stored: Stored, console: Console) -> None:
    """Print what was tried as background and what was found."""
    several = len(stored["spectra"]) > 1
    for category in stored["spectra"].values():
        edges = category["spectrum"]["edges"]
        ends = f"{len(edges) - 1} bins from {edges[0]:g} to {edges[-1]:g} GeV"
        console.print(
            f"{category['source']}: {category['read']}; {ends}", soft_wrap=True, highlight=False, markup=False
        )
    for name, category in stored["spectra"].items():
        title = f"Choice of the background, {name}" if several else "Choice of the background"
        console.print(_background_table(category["background_choice"], title))
    console.print(_findings_table(stored))
    point = _largest_excess(stored)
    if several and point:
        console.print(_categories_table(stored, point["mass"]))
    if stored["limits"]:
        console.print(_limits_table(stored["limits"]))
    for table in check_tables(stored["checks"]):
        console.print(table)


def _background_table(choice: Stored, title: str) -> Table:
    table = Table("background", "χ² / ndf", "p", "F-test p", "verdict", title=title)
    for trial in choice["trials"]:
        goodness, verdict = trial["goodness"], trial["verdict"]
        table.add_row(
            trial["background"],
            f"{number(goodness['statistic'], '.1f')} / {number(goodness['n_degrees_of_freedom'], 'd')}",
            number(goodness["p_value"], ".3f"),
            number(trial["f_test_p_value"], ".3f"),
            f"[bold]{verdict}, chosen[/]" if trial["background"] == choice["background"] else verdict,
        )
    return table


def _findings_table(stored: Stored) -> Table:
    table = Table("quantity", "value", title="Search for a resonance")
    for name, category in stored["spectra"].items():
        edges = category["spectrum"]["edges"]
        own = f", {name}" if len(stored["spectra"]) > 1 else ""
        table.add_row(f"events{own}", f"{category['n_events']:,.0f} in {edges[0]:g} to {edges[-1]:g} GeV")
        table.add_row(f"goodness of the background-only fit{own}", _goodness(category))
    points = stored["scan"]["points"]
    failed = sum(point["local_p_value"] is None for point in points)
    table.add_row("masses", f"{len(points)}, {failed} fits failed")
    point = _largest_excess(stored)
    if point:
        _add_excess(table, stored, point)
    if stored["global_significance"]:
        table.add_row("global significance", _global(stored["global_significance"]))
    return table


def _goodness(category: Stored) -> str:
    chi_square, saturated = category["chi_square"], category["saturated"]
    if chi_square["p_value"] is None:
        return f"no test: {chi_square['status'].replace('_', ' ')}"
    return f"p = {chi_square['p_value']:.3f} (χ²), {saturated['p_value']:.3f} (saturated)"


def _largest_excess(stored: Stored) -> Stored | None:
    """The point of the smallest local p-value, None if all fits failed."""
    good = [point for point in stored["scan"]["points"] if point["local_p_value"] is not None]
    return min(good, key=lambda point: point["local_p_value"]) if good else None


def _add_excess(table: Table, stored: Stored, point: Stored) -> None:
    table.add_row("largest excess at", f"{point['mass']:g} GeV")
    table.add_row("events of signal there", _events(point))
    table.add_row("local significance", f"{number(point['significance'], '.2f')} σ")
    if stored["expected_significances"]:
        expected = stored["expected_significances"][stored["scan"]["points"].index(point)]
        events = number(expected["value"], ".4g")
        table.add_row(f"expected for {events} events", f"{number(expected['significance'], '.2f')} σ")


def _categories_table(stored: Stored, mass: float) -> Table:
    names = ("category", "share of the signal", "background", "events of signal", "local significance")
    table = Table(*names, title=f"Each category alone at {mass:g} GeV")
    for name, category in stored["spectra"].items():
        (point,) = (point for point in category["scan"]["points"] if point["mass"] == mass)
        significance = f"{number(point['significance'], '.2f')} σ"
        background = category["background_choice"]["background"]
        table.add_row(name, f"{category['share']:g}", background, _events(point), significance)
    return table


def _events(point: Stored) -> str:
    return with_error(point["signal_yield"], point["signal_yield_error"], ".0f")


def _global(everywhere: Stored) -> str:
    if everywhere["significance"] is None:
        return everywhere["status"]
    significance, p_value = number(everywhere["significance"], ".2f"), number(everywhere["p_value"], ".3g")
    toys = f"{everywhere['n_toys']} toys" + (", extrapolated" if everywhere["extrapolated"] else "")
    return f"{significance} σ, p = {p_value} ({toys})"


def _limits_table(limits: Stored) -> Table:
    names = ("mass [GeV]", "observed", "−2σ", "−1σ", "median", "+1σ", "+2σ")
    table = Table(*names, title="95 % CL upper limits on signal events")
    for point in limits["points"]:
        values = (point["observed"], *(point["expected"] or (None,) * 5))
        status = "" if point["status"] == "good" else f" [red]{point['status']}[/]"
        table.add_row(f"{point['mass']:g}{status}", *(number(value, ".4g") for value in values))
    return table
