"""How many events pass each cut, raw and weighted; counts of several files add up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from errors import MaplessError

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class Cutflow:
    """Events left after each cut; row 0 is before any cut.

    `events` counts entries, `weighted` adds up their weights and `weighted_squared` their squared weights, in
    the unit that the weights have (`OpenedEvents.notes`).
    Rows that are not `cumulative`, such as those of N-1, do not build on the row before.

    >>> one = Cutflow("dijet", ("all events", "two jets"), (10, 4), (10.0, 4.0), (10.0, 4.0))
    >>> (one + one).events
    (20, 8)
    """

    selection: str
    titles: tuple[str, ...]
    events: tuple[int, ...]
    weighted: tuple[float, ...]
    weighted_squared: tuple[float, ...]
    cumulative: bool = True

    def __add__(self, other: "Cutflow") -> "Cutflow":
        if self.titles != other.titles:
            raise MaplessError(
                f"the cutflows {self.selection} and {other.selection} differ in cuts; they do not add up"
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
        cuts = [dict(zip(names, row, strict=True)) for row in rows]
        return {"selection": self.selection, "cumulative": self.cumulative, "cuts": cuts}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Cutflow":
        """The cutflow that `to_dict` wrote."""
        cuts = content["cuts"]
        names = ("title", "events", "weighted", "weighted_squared")
        values = {name: tuple(cut[name] for cut in cuts) for name in names}
        return cls(
            content["selection"], titles=values.pop("title"), cumulative=content["cumulative"], **values
        )

    def __rich__(self) -> "Table":
        from rich.table import Table

        table = Table(title=self.selection)
        table.add_column("cut" if self.cumulative else "N-1")
        for heading in ("events", "sum of weights", "of previous" if self.cumulative else "cut keeps"):
            table.add_column(heading, justify="right")
        for row, title in enumerate(self.titles):
            weighted = f"{self.weighted[row]:.6g} ± {self.errors[row]:.3g}"
            table.add_row(title, f"{self.events[row]:,}", weighted, self._share(row))
        return table

    def _share(self, row: int) -> str:
        """Of the row before; in an N-1 table the share of events that the cut, applied last, keeps."""
        part, whole = row, max(row - 1, 0)
        if not self.cumulative:
            part, whole = 0, row
        if self.weighted[whole] <= 0:  # negative weights make shares meaningless
            return "–"
        return f"{100 * self.weighted[part] / self.weighted[whole]:.2f} %"

    def __str__(self) -> str:
        from rich.console import Console

        console = Console(width=110)
        with console.capture() as text:
            console.print(self)
        return text.get()
