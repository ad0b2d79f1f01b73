"""The vocabulary of selections: a column, a cut, and a systematic variation, as data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from errors import MaplessError
from selections.expressions import columns_used

_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Column:
    """A new column: name, C++ expression of other columns, unit and a one-line title for axes and tables."""

    name: str
    expression: str
    unit: str = ""
    title: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise MaplessError(f"'{self.name}' cannot name a column; use letters, digits and underscores")


@dataclass(frozen=True)
class Cut:
    """A condition, a C++ expression of columns, and the title of its row in the cutflow."""

    expression: str
    title: str


@dataclass(frozen=True)
class Variation:
    """A systematic shift of columns: for each tag ("up") the shifted expression of every column, in order.

    All columns of one variation must have the same type.
    """

    name: str
    columns: tuple[str, ...]
    shifts: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        wrong = [tag for tag, shifted in self.shifts.items() if len(shifted) != len(self.columns)]
        if wrong or not self.shifts:
            raise MaplessError(
                f"variation {self.name} needs one expression for each of {', '.join(self.columns)}"
            )

    @property
    def tags(self) -> tuple[str, ...]:
        """Names of the shifts, such as ("up", "down")."""
        return tuple(self.shifts)

    @property
    def needs(self) -> frozenset[str]:
        """Columns that must be there: those that it shifts, and those in its expressions."""
        expressions = (text for shifted in self.shifts.values() for text in shifted)
        return frozenset(self.columns).union(*map(columns_used, expressions))

    def expression(self, column_type: str) -> str:
        """The C++ expression that ROOT's Vary wants for columns of a type."""
        rows = [", ".join(shifted[i] for shifted in self.shifts.values()) for i in range(len(self.columns))]
        inner = f"ROOT::RVec<{column_type}>"
        return f"ROOT::RVec<{inner}>{{{', '.join(f'{inner}{{{row}}}' for row in rows)}}}"
