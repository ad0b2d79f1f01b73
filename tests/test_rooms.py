"""Which module may import which, no circles, and the examples in docstrings."""

import ast
import doctest
import importlib
import re
from collections.abc import Collection, Mapping
from importlib.util import resolve_name
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
ROOMS = ("selections", "models", "fits", "firmware", "analysis")
BESIDE_THE_ROOMS = ("errors", "input_files", "user_cache")  # of one module each, which all may import
FILES = [file for room in ROOMS for file in sorted((REPOSITORY / room).rglob("*.py"))]

# The rules, for a place and all that lies below it. Imports inside of functions and for types alone count.
IMPORTS_ONLY = {  # of the project; itself and what lies beside the rooms are always allowed
    **dict.fromkeys(BESIDE_THE_ROOMS, ()),
    "selections": (),
    "models": (),
    "fits": (),
    "firmware": (),
    "analysis": ("selections", "models", "fits", "firmware"),
    "analysis.simulation": ("selections",),
    "analysis.engine": (),
    "analysis.trigger": (  # runs no offline search
        "selections",
        "firmware",
        "analysis.engine",
        "analysis.simulation",
        "analysis.report.page",
    ),
}
NEVER_IMPORTS = {  # modules or single functions
    "analysis.report": (  # draws what is stored: opens no graph, neither trains nor fits
        "models.registry",
        "models.ensembles",
        "models.stacked_training",
        "models.weak_supervision",
        "models.anomaly_detector",
        "models.anomaly_cut",
        "selections.root",
        "fits.background_choice",
        "fits.fit.fit_background",
        "fits.fit.fit_signal",
        "fits.likelihood",
        "fits.many_fits",
        "fits.significance.category_scan.scan_categories",
        "fits.significance.mass_scan.scan_masses",
        "fits.toys",
    ),
}
IMPORTED_ONLY_BY = {
    "analysis.commands": ("run_analysis",),
}


def module_of(file: Path) -> str:
    """Name by which a file is imported."""
    parts = file.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(file): file for file in [*sorted(REPOSITORY.glob("*.py")), *FILES]}


def imported_names(module: str) -> set[str]:
    """All that a module imports from the project, with its full name: modules, functions, classes."""
    file = MODULES[module]
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            origin = resolve_name("." * node.level + (node.module or ""), package)
            found |= {f"{origin}.{alias.name}" for alias in node.names}
    return {name for name in found if lies_in(name, {known.split(".")[0] for known in MODULES})}


def lies_in(name: str, places: Collection[str]) -> bool:
    """Whether a name is one of the places or lies below one."""
    return any(name == place or name.startswith(f"{place}.") for place in places)


IMPORTED = {module: imported_names(module) for module in MODULES}
IMPORTED_MODULES = {
    module: {name if name in MODULES else name.rpartition(".")[0] for name in names}
    for module, names in IMPORTED.items()
}


def broken_rules(module: str) -> list[str]:
    """What a module imports against the rules."""
    names = sorted(IMPORTED[module])
    broken: list[str] = []
    for place, allowed in IMPORTS_ONLY.items():
        if lies_in(module, [place]):
            broken += [
                name
                for name in names
                if not lies_in(name, ["errors", "input_files", "user_cache", place, *allowed])
            ]
    for place, forbidden in NEVER_IMPORTS.items():
        if lies_in(module, [place]):
            broken += [name for name in names if lies_in(name, forbidden)]
    for place, allowed in IMPORTED_ONLY_BY.items():
        if not lies_in(module, [place, *allowed]):
            broken += [name for name in names if lies_in(name, [place])]
    return broken


@pytest.mark.parametrize("module", MODULES)
def test_modules_import_only_what_their_place_may(module: str) -> None:
    broken = broken_rules(module)
    assert not broken, f"{module} must not import {', '.join(broken)}"


def test_rules_are_about_places_that_exist() -> None:
    named = [*IMPORTS_ONLY, *NEVER_IMPORTS, *IMPORTED_ONLY_BY]
    named += [place for places in [*NEVER_IMPORTS.values(), *IMPORTED_ONLY_BY.values()] for place in places]
    known = {*MODULES, *(name for names in IMPORTED.values() for name in names)}
    assert [place for place in named if place not in known] == []


def circle_through(module: str, imports: Mapping[str, Collection[str]]) -> list[str]:
    """Shortest way along imports from a module back to itself; empty where there is none."""
    ways, seen = [[module]], set()
    for way in ways:
        for following in sorted(imports.get(way[-1], ())):
            if following == module:
                return [*way, module]
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return []


def circles(imports: Mapping[str, Collection[str]]) -> list[str]:
    """Each circle of imports once, written as `a -> b -> a`."""
    found: dict[frozenset[str], str] = {}
    for module in imports:
        circle = circle_through(module, imports)
        if circle:
            found.setdefault(frozenset(circle), " -> ".join(circle))
    return list(found.values())


def test_no_modules_import_each_other_in_a_circle() -> None:
    found = circles(IMPORTED_MODULES)
    assert not found, "\n".join(found)


def test_a_circle_of_imports_is_found_and_named() -> None:
    imports = {"start": ["first"], "first": ["second"], "second": ["third", "start"], "third": ["first"]}
    assert circles(imports) == [
        "start -> first -> second -> start",
        "third -> first -> second -> third",
    ]


@pytest.mark.parametrize(
    "file",
    [file for file in FILES if ">>> " in file.read_text()],
    ids=lambda file: str(file.relative_to(REPOSITORY)),
)
def test_examples_print_what_they_say(file: Path) -> None:
    name = ".".join(file.relative_to(REPOSITORY).with_suffix("").parts)
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0
    assert result.failed == 0


def test_the_page_on_the_architecture_names_only_files_that_are_there() -> None:
    page = (REPOSITORY / "docs" / "architecture.md").read_text()
    named = set(re.findall(r"[a-z_]+(?:/[a-z_]+)+\.(?:py|yaml)", page))
    assert len(named) > 20
    assert not [name for name in named if not (REPOSITORY / name).is_file()]
