"""What a file format has to say: how it is recognised, and how its columns become the canonical ones."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from selections.steps import Column


@dataclass(frozen=True)
class Options:
    """What may be chosen when files are opened: the year of data taking, or triggers and filters by name.

    No triggers or filters (None) are those of the year, an empty list asks for none. Triggers may be lists by
    ranges of runs, such as {"273158-280385": ["HLT_PFHT800"]}; other runs have none. `objects` are settings
    of `selections.sources.objects`.
    """

    year: str = "2018"
    triggers: Sequence[str] | Mapping[str, Sequence[str]] | None = None
    filters: Sequence[str] | None = None
    objects: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Translation:
    """Canonical columns by definition, reasons for those that are lacking, and the choices made.

    `defaults` are the values of columns of the format in files of the data set that do not have them.
    `uniform` names columns of the format that all files of the data set have, or none, with the way out.
    `meanings` tells what columns are made of that do not mean the same made of something else. `offered` are
    further columns, which are defined where they are asked for; their titles are notes.
    """

    definitions: tuple[Column, ...] = ()
    lacks: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, bool] = field(default_factory=dict)
    uniform: Mapping[str, str] = field(default_factory=dict)
    meanings: Mapping[str, str] = field(default_factory=dict)
    offered: tuple[Column, ...] = ()

    def __add__(self, other: "Translation") -> "Translation":
        return Translation(
            self.definitions + other.definitions,
            {**self.lacks, **other.lacks},
            {**self.notes, **other.notes},
            {**self.defaults, **other.defaults},
            {**self.uniform, **other.uniform},
            {**self.meanings, **other.meanings},
            self.offered + other.offered,
        )


@dataclass(frozen=True)
class Format:
    """A file format: its name, whether columns are its own, and how they become canonical.

    `translate` takes the columns of all files, the columns of at least one file, and the options.
    `collections` are the beginnings of names of columns that have many values in an event, equally many;
    `bits` are columns of integers whose bits have meanings, `lists` columns of many values. Where names tell
    nothing of what belongs together, `canonical_collections` are beginnings of canonical columns instead.
    """

    name: str
    recognises: Callable[[Set[str]], bool]
    translate: Callable[[Set[str], Set[str], Options], Translation]
    collections: Sequence[str]
    bits: Sequence[str] = ()
    lists: Sequence[str] = ()
    canonical_collections: Sequence[str] = ()


@dataclass(frozen=True)
class Recipe:
    """Ways to make one canonical column, best first, each with the columns of the format that it needs.

    `reason` is what to say when no way is open; `note` is set when the ways do not mean quite the same, and
    `equivalent` when files may come by different ones nevertheless.
    """

    name: str
    ways: Sequence[tuple[str, Sequence[str]]]
    reason: str = ""
    note: bool = False
    equivalent: bool = False


def plain(name: str, source: str, reason: str) -> Recipe:
    """The recipe of a column that the format has under another name."""
    return Recipe(name, [(source, (source,))], reason)


def translate_recipes(recipes: Sequence[Recipe], columns: Set[str]) -> Translation:
    """Every canonical column by the first way that the columns allow."""
    definitions, lacks, notes, meanings = [], {}, {}, {}
    for recipe in recipes:
        way = next((expression for expression, needs in recipe.ways if columns >= set(needs)), None)
        if way is None:
            lacks[recipe.name] = recipe.reason
            continue
        definitions.append(Column(recipe.name, way))
        if recipe.note:
            notes[recipe.name] = way
        if recipe.note and not recipe.equivalent:
            meanings[recipe.name] = way
    return Translation(tuple(definitions), lacks, notes, meanings=meanings)
