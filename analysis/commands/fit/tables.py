"""What `./run_analysis.py fit` prints, from what it has stored."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from analysis.commands.fit.check_tables import check_tables
from analysis.commands.numbers import global_words, number, with_error
from analysis.commands.wide_table import print_table
from fits.limits.few_events import FEW

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
        print_table(console, _background_table(category["background_choice"], title))
    print_table(console, _findings_table(stored))
    point = _largest_excess(stored)
    if several and point:
        print_table(console, _categories_table(stored, point["mass"]))
    if stored["limits"]:
        print_table(console, _limits_table(stored["limits"]))
    for table in check_tables(stored["checks"]):
        print_table(console, table)


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
        table.add_row("global significance", global_words(stored["global_significance"]))
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
    table.add_row("local significance", _local(point))
    if stored["expected_significances"]:
        expected = stored["expected_significances"][stored["scan"]["points"].index(point)]
        events = number(expected["value"], ".4g")
        table.add_row(f"expected for {events} events", f"{number(expected['significance'], '.2f')} σ")


def _categories_table(stored: Stored, mass: float) -> Table:
    names = ("category", "share of the signal", "background", "events of signal", "local significance")
    table = Table(*names, title=f"Each category alone at {mass:g} GeV")
    for name, category in stored["spectra"].items():
        (point,) = (point for point in category["scan"]["points"] if point["mass"] == mass)
        background = category["background_choice"]["background"]
        table.add_row(name, f"{category['share']:g}", background, _events(point), _local(point))
    return table


def _local(point: Stored) -> str:
    return f"{number(point['significance'], '.2f')} σ, p = {number(point['local_p_value'], '.2g')}"


def _events(point: Stored) -> str:
    return with_error(point["signal_yield"], point["signal_yield_error"], ".0f")


def _limits_table(limits: Stored) -> Table:
    names = ("mass [GeV]", "observed", "−2σ", "−1σ", "median", "+1σ", "+2σ")
    table = Table(*names, title="95 % CL upper limits on signal events", caption=_method(limits["points"]))
    for point in limits["points"]:
        values = (point["observed"], *(point["expected"] or (None,) * 5))
        status = "" if point["status"] == "good" else f" [red]{point['status']}[/]"
        few = "*" if _is_few(point) else ""
        table.add_row(f"{point['mass']:g}{few}{status}", *(number(value, ".4g") for value in values))
    return table


def _is_few(point: Stored) -> bool:
    """Whether few background events are expected under the peak of a limit."""
    background = point["background_under_peak"]
    return background is not None and background < FEW


def _method(points: Sequence[Stored]) -> str | None:
    """What was done about masses with few events, if there are any."""
    few = [point for point in points if _is_few(point)]
    if not few:
        return None
    (n_toys,) = {point["n_toys"] for point in few}
    done = f"from {n_toys} toys" if n_toys else "asymptotic formulae, too low: allow --limit-toys"
    return f"* fewer than {FEW:g} background events under the peak: {done}"
