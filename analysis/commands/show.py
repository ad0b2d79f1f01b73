"""Prints searches and their settings to the terminal."""

import json
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from analysis import searches
from analysis.commands.wide_table import print_table
from models.registry import CUTS, DETECTORS


def print_searches() -> None:
    """Print one line per search, and the names of detectors and cuts."""
    table = Table("search", "looks for", "reference")
    for name in searches.names():
        search = searches.declare(searches.load(name, None))
        table.add_row(search.name, search.title, search.reference)
    console = Console()
    print_table(console, table)
    console.print(f"detectors: {', '.join(sorted(DETECTORS))}\ncuts: {', '.join(sorted(CUTS))}")


def print_search(name: str | None, config: Path | None, overrides: tuple[str, ...]) -> None:
    """Print the configuration of a search, the cuts of its regions, its hunts and its spectra."""
    console = Console()
    settings = searches.load(name, config, overrides)
    search = searches.declare(settings)
    console.print(f"[bold]{search.name}[/]: {search.title} ({search.reference})\n")
    console.print(
        yaml.safe_dump(json.loads(settings.model_dump_json(exclude_defaults=True)), sort_keys=False)
    )
    for region, selection in search.regions.items():
        cuts = Table("cut", "expression", title=f"Region {region}")
        for cut in selection.cuts:
            cuts.add_row(cut.title, cut.expression)
        print_table(console, cuts)
    hunts = Table("hunt", "detector", "window", "masses (GeV)", "cut", title="Hunts")
    for hunt in search.hunts:
        for window in hunt.windows or (None,):
            masses = hunt.masses[window.name] if window else search.spectrum(hunt.spectra[0]).masses
            tested = ", ".join(f"{mass:g}" for mass in masses)
            place = str(window) if window else "–"
            hunts.add_row(hunt.name, hunt.detector.name, place, tested, hunt.cut.name)
    print_table(console, hunts)
    spectra = Table("spectrum", "column", "region", "range (GeV)", "background", title="Spectra")
    for spectrum in search.spectra:
        edges = f"{spectrum.edges[0]:g}–{spectrum.edges[-1]:g}"
        family = ", ".join(background.name for background in spectrum.background.backgrounds)
        spectra.add_row(spectrum.name, spectrum.column, spectrum.region, edges, family)
    print_table(console, spectra)
