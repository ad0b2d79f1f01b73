"""How many events pass each cut, raw and weighted; counts of several files add up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class Cutflow:
    """Events left after each cut; row 0 is before any cut.

    `events` holds entries, `weighted` their sum of weights and `weighted_squared` their sum of squared weights.

    >>> one = Cutflow("dijet", ("all events", "two jets"), (10, 4), (10.0, 4.0), (10.0, 4.0))
    >>> (one + one).events
    (20, 8)
    """

    selection: str
    titles: tuple[str, ...]
    events: tuple[int, ...]
    weighted: tuple[float, ...]
    weighted_squared: tuple[float, ...]

    def __add__(self, other: "Cutflow") -> "Cutflow":
        if self.titles != other.titles:
            raise MaplessError(
                f"cutflows of {self.selection} and {other.selection} have other cuts; they do not add up"
            )
        return Cutflow(
            self.selection,
            self.titles,
            tuple(int(a + b) for a, b in zip(self.events, other.events, strict=True)),
            tuple(a + b for a, b in zip(self.weighted, other.weighted, strict=True)),
            tuple(a + b for a, b in zip(self.weighted_squared, other.weighted_squared, strict=True)),
        )

    @property
    def errors(self) -> tuple[float, ...]:
        """Statistical uncertainty of every weighted count."""
        return tuple(float(value) for value in np.sqrt(self.weighted_squared))

    @property
    def efficiency(self) -> float:
        """Share of the sum of weights that passes all cuts; NaN of nothing."""
        return self.weighted[-1] / self.weighted[0] if self.weighted[0] else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and names, ready for JSON; `from_dict` reads them back."""
        rows = zip(self.titles, self.events, self.weighted, self.weighted_squared, strict=True)
        names = ("title", "events", "weighted", "weighted_squared")
        return {"selection": self.selection, "cuts": [dict(zip(names, row, strict=True)) for row in rows]}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Cutflow":
        """The cutflow that `to_dict` wrote."""
        cuts = content["cuts"]
        return cls(
            content["selection"],
            tuple(cut["title"] for cut in cuts),
            tuple(cut["events"] for cut in cuts),
            tuple(cut["weighted"] for cut in cuts),
            tuple(cut["weighted_squared"] for cut in cuts),
        )

    @classmethod
    def from_counts(
        cls, selection: str, titles: tuple[str, ...], counts: NDArray[np.float64], sums: NDArray[np.float64]
    ) -> "Cutflow":
        """From counts (n,) and sums of weights and squared weights (2, n), one value per title."""
        return cls(
            selection, titles, tuple(int(c) for c in counts), *(tuple(map(float, row)) for row in sums)
        )

    def __rich__(self) -> "Table":
        from rich.table import Table

        table = Table(title=self.selection)
        table.add_column("cut")
        for heading in ("events", "weighted", "of previous", "of all"):
            table.add_column(heading, justify="right")
        previous = self.weighted[0]
        for title, events, weighted, error in zip(
            self.titles, self.events, self.weighted, self.errors, strict=True
        ):
            shares = (_percent(weighted, previous), _percent(weighted, self.weighted[0]))
            table.add_row(title, f"{events:,}", f"{weighted:.6g} ± {error:.3g}", *shares)
            previous = weighted
        return table

    def __str__(self) -> str:
        from rich.console import Console

        console = Console(width=110)
        with console.capture() as text:
            console.print(self)
        return text.get()


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "–"
