"""Two results of searches side by side: what was asked for, what was selected, what was found."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from analysis.commands.findings import TOP
from analysis.commands.numbers import global_words, number
from analysis.commands.wide_table import print_table
from analysis.report.class_summary import p_tilde_words
from analysis.report.search_header import search_rows
from errors import MaplessError
from input_files import read_json

Row = tuple[str, str, str]


def print_difference(first: Path, second: Path) -> None:
    """Print settings that differ, and cutflows, fits and the global significance of both.

    Raises MaplessError for a folder without results of a search.
    """
    console, both = Console(), (_read(first), _read(second))
    for title, told in (("Settings that differ", _settings), ("Events", _events), ("Found", _found)):
        table = Table("", str(first), str(second), title=title)
        one, other = (dict(told(results)) for results in both)
        for name in dict.fromkeys((*one, *other)):
            values = one.get(name, "–"), other.get(name, "–")
            if told is not _settings or values[0] != values[1]:
                table.add_row(name, *values, style="" if values[0] == values[1] else "bold")
        print_table(console, table)


def _read(folder: Path) -> dict[str, Any]:
    results = read_json(folder / "results.json")
    if not isinstance(results, dict) or "settings" not in results or "cutflow" not in results:
        raise MaplessError(f"{folder} holds no results of a search; name a folder that `run` has written")
    return results


def _settings(results: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _flat("", results["settings"])


def _flat(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every setting under its path."""
    if isinstance(value, dict) and value:
        for name, one in value.items():
            yield from _flat(f"{key}.{name}" if key else name, one)
    else:
        yield key, str(value)


def _events(results: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, flow in results["cutflow"].items():
        cuts = flow["cutflow"]["cuts"]
        yield name, f"{cuts[-1]['events']:,} of {cuts[0]['events']:,}"


def _found(results: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "fits" not in results:  # of classes of events
        for one in [one for one in results["results"] if one["region"]][:TOP]:
            yield f"{one['class']}, {one['quantity']}", f"p-tilde {p_tilde_words(one)}"
        return
    for row in search_rows(results["fits"]):
        fit = f"{row['background']}, p = {number(row['p_value'], '.3g')}"
        excess = f"{number(row['significance'], '.2f')} σ at {number(row['mass'], '.0f')} GeV{row['flag']}"
        yield row["title"], f"{row['n_events']:,} events; {fit}; {excess}"
    everywhere = results["summary"] and results["summary"]["global"]
    yield "global significance", global_words(everywhere) if everywhere else "–"
