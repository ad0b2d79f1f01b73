"""Prints what a run has found, and where its report lies."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from analysis.commands.numbers import global_words, number
from analysis.commands.wide_table import print_table
from analysis.engine.json_file import read_json
from analysis.engine.provenance import peak_memory
from analysis.report.class_summary import p_tilde_words
from fits.checks.fit_quality import flag

TOP = 10
"""Classes of events that are printed."""


def print_findings(output: Path, console: Console, *, closed: bool) -> None:
    """Print the largest excess of each fit, the global significance, and where the report lies."""
    results = read_json(output / "results.json")
    _print_warnings(results["cutflow"], console)
    if closed:
        told = _closure_state(results["closure"])
        console.print(f"The signal region is closed; closure test {told}.", soft_wrap=True)
        console.print(f"Report: [bold]{output / 'report.html'}[/]")
        return
    _print_fits(results["fits"], console)
    everywhere = results["summary"]["global"]
    if everywhere:
        console.print(
            f"Global significance over all masses and hunts: {global_words(everywhere)}"
            f"{_flag_of_smallest(results['summary']['smallest'])}",
            soft_wrap=True,
        )
    console.print(f"Report: [bold]{output / 'report.html'}[/]   peak memory {peak_memory():.1f} GB")


def _print_warnings(cutflows: dict[str, Any], console: Console) -> None:
    for flow in cutflows.values():
        for warning in flow["warnings"]:
            console.print(f"[bold]Warning:[/] {flow['sample']}, region {flow['region']}: {warning}")


def _print_fits(fits: dict[str, Any], console: Console) -> None:
    """The largest excess of each fit, and why there is none."""
    names = ("fit", "events", "largest excess at", "local p", "local significance")
    table = Table(*names, title="Local p-values")
    reasons = []
    for name, fit in fits.items():
        for part in fit["parts"]:
            if "search" not in part["purposes"]:
                continue
            events = sum(category["n_events"] for category in part["counts"].values())
            title = name if fit["hunt"] is None or len(fit["parts"]) == 1 else f"{name}, {part['name']}"
            table.add_row(title, f"{events:,}", *_excess_cells(part["search"]["scan"]["points"]))
            if "error" in part["search"]:
                reasons.append(f"{title}: {part['search']['error']}")
    print_table(console, table)
    for reason in reasons:
        console.print(f"[red]{reason}[/]", highlight=False)


def _closure_state(checks: list[dict[str, Any]]) -> str:
    if not checks:
        return "missing: name simulation under closure"
    failed = [check["name"] for check in checks if not check["passed"]]
    if not failed:
        return "passed: --unblind opens the region"
    return f"failed at {len(failed)} of {len(checks)} checks: {', '.join(failed)}"


def _flag_of_smallest(points: list[dict[str, Any]]) -> str:
    """The flag of the point that a global significance belongs to."""
    good = [point for point in points if point["local_p_value"] is not None]
    return flag(min(good, key=lambda point: point["local_p_value"])["quality"]) if good else ""


def _excess_cells(points: list[dict[str, Any]]) -> tuple[str, str, str]:
    good = [point for point in points if point["significance"] is not None]
    if not good:
        return "–", "–", "no fit"
    largest = max(good, key=lambda point: point["significance"])
    if largest["significance"] == 0:
        return "–", "–", "no excess"
    p_value, significance = number(largest["local_p_value"], ".2g"), number(largest["significance"], ".2f")
    return f"{largest['mass']:.0f} GeV", p_value, f"{significance} σ{flag(largest['quality'])}"


def print_class_findings(output: Path, console: Console, *, closed: bool) -> None:
    """Print the classes at the top of the ranking, whether there are more than expected, and the report."""
    results = read_json(output / "results.json")
    table = Table(
        "class", "in", "region", "data", "expected", "local p", "p-tilde", title="Largest differences"
    )
    for one in [one for one in results["results"] if one["region"]][:TOP]:
        region = one["region"]
        table.add_row(
            one["class"],
            one["quantity"],
            f"{region['low']:.0f}–{region['high']:.0f} GeV",
            f"{region['observed']:.0f}",
            f"{region['expected']:.3g} ± {region['error']:.2g}",
            number(region["p_value"], ".2g"),
            p_tilde_words(one),
        )
    print_table(console, table)
    searched = "mock data: the data are closed" if closed else results["searched"]
    console.print(f"Searched: {searched}", soft_wrap=True, highlight=False)
    for line in results["summary"]["lines"]:
        console.print(line, soft_wrap=True, highlight=False)
    console.print(f"Report: [bold]{output / 'report.html'}[/]   peak memory {peak_memory():.1f} GB")
