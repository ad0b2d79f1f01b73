"""Prints why the events that hunts keep are kept."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from analysis.commands.numbers import number
from analysis.commands.wide_table import print_table


def print_explanation(found: Mapping[str, Any], console: Console) -> None:
    """Print features, most anomalous events and correlations as the stage `explain` has stored them."""
    for name, hunt in found["hunts"].items():
        print_table(console, _features_table(name, hunt))
        print_table(console, _events_table(name, hunt))
    for one in found["correlations"]:
        where = f" beside window {one['window']}" if one["window"] else ""
        table = Table("", *one["scores"], title=f"Rank correlations of the scores{where}")
        for score, row in zip(one["scores"], one["matrix"], strict=True):
            table.add_row(score, *(f"{value:.2f}" for value in row))
        print_table(console, table)


def _features_table(name: str, hunt: Mapping[str, Any]) -> Table:
    """Features, those that differ the most first; columns that are no single number by importance alone."""
    title = f"{name}: {hunt['n_kept']:,} events kept, {hunt['n_others']:,} others"
    table = Table("feature", "distance", "kept", "others", "importance", title=title)
    for column in dict.fromkeys((*hunt["features"], *hunt["importance"])):
        one, importance = hunt["features"].get(column), hunt["importance"].get(column)
        numbers = [number(one and one[key], ".3g") for key in ("distance", "kept_median", "other_median")]
        table.add_row(column, *numbers, number(importance, ".2f"))
    return table


def _events_table(name: str, hunt: Mapping[str, Any]) -> Table:
    events = hunt["most_anomalous"]
    table = Table(*(events[0] if events else ()), title=f"{name}: most anomalous events")
    for event in events:
        table.add_row(*(f"{one:.7g}" if isinstance(one, float) else str(one) for one in event.values()))
    return table
