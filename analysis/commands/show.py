"""Prints searches and their settings to the terminal."""

import json
from collections.abc import Mapping
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from analysis import searches
from analysis.class_search import ClassSearch
from analysis.commands.catalogue import cut_tables, detector_tables
from analysis.commands.wide_table import print_table
from analysis.search import Search
from selections.graph import Selection


def print_searches() -> None:
    """Print one line per search, and detectors and cuts with the searches that they fit and their options."""
    table = Table("search", "looks for", "reference")
    found = {name: searches.declare_any(searches.load_any(name, None)) for name in searches.names()}
    for search in found.values():
        table.add_row(search.name, search.title, search.reference)
    console = Console()
    hunting = {name: search for name, search in found.items() if isinstance(search, Search)}
    for one in (table, *detector_tables(hunting), *cut_tables(hunting)):
        print_table(console, one)


def print_search(name: str | None, config: Path | None, overrides: tuple[str, ...]) -> None:
    """Print the configuration of a search, the cuts of its regions, its hunts and its spectra.

    Of a search of one's own, `package.module`, without a configuration the settings that one may hold.
    """
    console = Console()
    if name and config is None and "." in name:
        print_table(console, _settings_table(name))
        return
    settings = searches.load_any(name, config, overrides)
    search = searches.declare_any(settings)
    console.print(f"[bold]{search.name}[/]: {search.title} ({search.reference})\n")
    stored = json.loads(settings.model_dump_json(exclude_defaults=True))
    console.print(yaml.safe_dump(stored, sort_keys=False, allow_unicode=True), markup=False)
    if isinstance(search, Search):
        tables = [*_region_tables(search.regions), _hunts_table(search), _spectra_table(search)]
    else:
        tables = [*_region_tables({"classes": search.selection}), _backgrounds_table(search)]
    for table in tables:
        print_table(console, table)


def _settings_table(name: str) -> Table:
    title = f"Settings of {name}; put them into a file behind `search: {name}` and name it by --config"
    table = Table("key", "kind", "default", title=title)
    for key, field in searches.module(name).Settings.model_fields.items():
        default = field.default.model_dump() if hasattr(field.default, "model_dump") else field.default
        default = "must be given" if field.is_required() else str(default)
        table.add_row(key, getattr(field.annotation, "__name__", str(field.annotation)), default)
    return table


def _region_tables(regions: Mapping[str, Selection]) -> list[Table]:
    tables = []
    for region, selection in regions.items():
        cuts = Table("cut", "expression", title=f"Region {region}")
        for cut in selection.cuts:
            cuts.add_row(cut.title, cut.expression)
        tables.append(cuts)
    return tables


def _backgrounds_table(search: ClassSearch) -> Table:
    table = Table("sample", "processes", "cross section (pb)", "relative error", title="Backgrounds")
    for name, group in search.backgrounds.items():
        cross_section = search.samples[name].parts[0].cross_section
        table.add_row(name, group.title, f"{cross_section:.4g}", f"{group.error:.0%}")
    return table


def _hunts_table(search: Search) -> Table:
    table = Table("hunt", "detector", "window", "masses (GeV)", "cut", title="Hunts")
    for hunt in search.hunts:
        for window in hunt.windows or (None,):
            masses = hunt.masses[window.name] if window else search.spectrum(hunt.spectra[0]).masses
            tested = ", ".join(f"{mass:g}" for mass in masses)
            place = str(window) if window else "–"
            table.add_row(hunt.name, hunt.detector.name, place, tested, hunt.cut.name)
    return table


def _spectra_table(search: Search) -> Table:
    table = Table("spectrum", "column", "region", "range (GeV)", "background", title="Spectra")
    for spectrum in search.spectra:
        edges = f"{spectrum.edges[0]:g}–{spectrum.edges[-1]:g}"
        family = ", ".join(background.name for background in spectrum.background.backgrounds)
        table.add_row(spectrum.name, spectrum.column, spectrum.region, edges, family)
    return table
