"""Prints searches and their settings to the terminal."""

import json
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from analysis import searches
from analysis.configuration import load_configuration


def print_searches() -> None:
    """Print one line per search."""
    table = Table("search", "looks for", "reference")
    for name in searches.MODULES:
        search = searches.get(name)
        table.add_row(search.name, search.title, search.reference)
    Console().print(table)


def print_search(name: str, config: Path | None, overrides: tuple[str, ...]) -> None:
    """Print the configuration, the selection and the mass windows of a search."""
    console = Console()
    search = searches.get(name)
    configuration = load_configuration(config or search.configuration, overrides)
    console.print(f"[bold]{search.name}[/]: {search.title} ({search.reference})\n")
    console.print(yaml.safe_dump(json.loads(configuration.model_dump_json()), sort_keys=False))
    selection = search.selection(configuration.selection, configuration.detector.folds)
    cuts = Table("cut", "expression", title="Selection")
    for cut in selection.cuts:
        cuts.add_row(cut.title, cut.expression)
    console.print(cuts)
    windows = Table("window", "m_jj (GeV)", "kept", title=f"Detector {configuration.detector.name}")
    for window_name, window in search.windows.items():
        mark = "[bold]" if window_name in configuration.detector.windows else "[dim]"
        windows.add_row(
            f"{mark}{window_name}[/]", f"{window.low:g}–{window.high:g}", f"{window.kept_fraction:.0%}"
        )
    console.print(windows)
