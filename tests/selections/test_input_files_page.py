"""The tables of docs/input_files.md are those of the code."""

from pathlib import Path

import pytest

from selections.sources.formats import Recipe
from selections.sources.nanoaod import CONSTITUENT_SOURCES, FILTERS, RECIPES, TRIGGERS

PAGE = (Path(__file__).parents[2] / "docs" / "input_files.md").read_text()


def _named(names: tuple[str, ...] | frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _row(recipe: Recipe) -> str:
    ways = "; or ".join(_named(tuple(needs)) for _, needs in recipe.ways if needs)
    otherwise = "" if all(needs for _, needs in recipe.ways) else "; or none, then 1 for every event"
    return f"| `{recipe.name}` | {ways}{otherwise} |"


@pytest.mark.parametrize(
    "recipe", [one for one in RECIPES if one.name != "truth_label"], ids=lambda r: r.name
)
def test_every_column_stands_there_with_its_branches(recipe: Recipe) -> None:
    assert _row(recipe) in PAGE


def test_constituents_stand_there() -> None:
    assert f"| `constituent_*` | {_named(tuple(sorted(CONSTITUENT_SOURCES)))} |" in PAGE


@pytest.mark.parametrize("year", TRIGGERS)
def test_triggers_and_filters_of_every_year_stand_there(year: str) -> None:
    assert f"| {year} | {' or '.join(f'`{name}`' for name in TRIGGERS[year])} |" in PAGE
    common = frozenset.intersection(*(frozenset(names) for names in FILTERS.values()))
    own = tuple(name for name in FILTERS[year] if name not in common)
    assert f"| {year} | {_named(own)} |" in PAGE
    assert _named(tuple(name for name in FILTERS[year] if name in common)) in PAGE
