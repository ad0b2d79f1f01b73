"""What a source gives: a frame of canonical columns, and what is known about it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from selections.expressions import columns_used
from selections.steps import Column

GENERATOR_WEIGHTS = {"nanoaod": "genWeight", "physlite": "mcEventWeights"}
"""By format what simulation has and collision data have not."""


def needed(offered: Sequence[Column], names: Iterable[str]) -> tuple[Column, ...]:
    """Those of the offered columns that are among some names, and those that these are made of."""
    expressions = {column.name: column.expression for column in offered}
    found, waiting = set[str](), list(names)
    while waiting:
        name = waiting.pop()
        if name in expressions and name not in found:
            found.add(name)
            waiting += columns_used(expressions[name])
    return tuple(column for column in offered if column.name in found)


@dataclass(frozen=True)
class LostFile:
    """A file that could not be read and was skipped, with the reason."""

    file: str
    reason: str


@dataclass(frozen=True)
class OpenedEvents:
    """Events of some files as an RDataFrame with canonical columns.

    `n_events` of them are read, of `n_in_files`.
    `lacks` gives the reason for every canonical column that the files do not have, `lost` the files that
    were skipped, `notes` the choices made, such as the triggers used; `definitions` are the columns made from
    those of the format; `differs` says why they are not one with the part before. `lacking` names for columns
    that some of the files would have a file that has not what they are made of. `offered` are columns that
    `with_columns` defines by means of `define`, `made` those that it has defined.
    """

    frame: Any
    files: tuple[str, ...]
    n_events: int
    n_in_files: int
    format: str
    tree: str
    lacks: Mapping[str, str] = field(default_factory=dict)
    lost: tuple[LostFile, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    definitions: tuple[Column, ...] = ()
    differs: str = ""
    lacking: Mapping[str, str] = field(default_factory=dict)
    offered: tuple[Column, ...] = ()
    made: tuple[Column, ...] = ()
    define: Callable[[Any, Sequence[Column]], Any] | None = None

    def with_columns(self, names: Iterable[str]) -> "OpenedEvents":
        """These events with those of the offered columns that are among some names, and what they need."""
        made = needed(self.offered, names)
        if not made or self.define is None:
            return self
        return replace(
            self,
            frame=self.define(self.frame, made),
            notes={**self.notes, **{column.name: column.title for column in made if column.title}},
            definitions=(*self.definitions, *made),
            offered=tuple(column for column in self.offered if column not in made),
            made=(*self.made, *made),
        )

    def file_without(self, column: str) -> str:
        """A file that has not what a column is made of."""
        return self.lacking.get(column, self.files[0])

    @property
    def looks_measured(self) -> bool:
        """Whether simulation of this format has weights of a generator, and these events have none."""
        weight = next((column.expression for column in self.definitions if column.name == "weight"), "")
        return self.format in GENERATOR_WEIGHTS and GENERATOR_WEIGHTS[self.format] not in weight

    @property
    def aliases(self) -> dict[str, str]:
        """Canonical names of columns that the format merely calls otherwise."""
        return {
            column.name: column.expression for column in self.definitions if column.expression.isidentifier()
        }
