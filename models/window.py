"""Windows in a column, such as a mass: the signal region and its two sidebands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError

Interval = tuple[float, float]
Array = NDArray[np.floating]
Mask = NDArray[np.bool_]

_LARGEST_GAP = 0.1  # of a sideband that may be empty
_MANY = 30  # events beside an empty part as wide as theirs, which is not empty by chance


@dataclass(frozen=True)
class Window:
    """A signal region in a column with a sideband on either side; intervals [low, high), masses in GeV.

    Sidebands that are not given touch the window and have its relative width: `low**2 / high` to `low` and
    `high` to `high**2 / low`.

    Args:
        name: of the window, such as "B3".
        column: that the window is in, such as "mjj".
        low, high: edges of the signal region.
        low_sideband, high_sideband: intervals below and above it.

    Raises:
        MaplessError: the window is impossible (edges out of order, sidebands that overlap the window, ...).

    >>> window = Window("B3", "mjj", 2725, 3331)
    >>> [round(edge) for edge in (*window.low_sideband, *window.high_sideband)]
    [2229, 2725, 3331, 4072]
    """

    name: str
    column: str
    low: float
    high: float
    low_sideband: Interval = (0.0, 0.0)
    high_sideband: Interval = (0.0, 0.0)

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high < np.inf:
            raise MaplessError(f"window {self} is impossible; its edges must be positive and rise")
        defaults = {
            "low_sideband": (self.low**2 / self.high, self.low),
            "high_sideband": (self.high, self.high**2 / self.low),
        }
        for name, default in defaults.items():
            given = tuple(getattr(self, name))
            object.__setattr__(self, name, default if given == (0.0, 0.0) else given)
        edges = (0.0, *self.low_sideband, self.low, self.high, *self.high_sideband)
        if any(low >= high for low, high in (self.low_sideband, self.high_sideband)):
            raise MaplessError(f"window {self} has an empty sideband; give intervals (low, high)")
        if any(left > right for left, right in pairwise(edges)):
            raise MaplessError(
                f"window {self} overlaps its sidebands; low sideband, window and high sideband must follow "
                "each other"
            )

    def __str__(self) -> str:
        return f"{self.name} ({self.column} from {self.low:g} to {self.high:g})"

    def require_unseen(self, columns: Iterable[str]) -> None:
        """MaplessError if the mass is among the columns that tell events of the window from others."""
        if self.column in columns:
            raise MaplessError(
                f"'{self.column}' decides what is in window {self}, so a classifier would see "
                "nothing else; leave it out"
            )

    def in_signal_region(self, values: Array) -> Mask:
        """Tell which values lie in the window; shape (n_events,)."""
        return _within(values, (self.low, self.high))

    def in_low_sideband(self, values: Array) -> Mask:
        """Tell which values lie in the sideband below the window; shape (n_events,)."""
        return _within(values, self.low_sideband)

    def in_high_sideband(self, values: Array) -> Mask:
        """Tell which values lie in the sideband above the window; shape (n_events,)."""
        return _within(values, self.high_sideband)

    def lacks_low_sideband(self, start: float) -> bool:
        """Whether data that begin at a value leave too little of the low sideband."""
        low, high = self.low_sideband
        return start - low >= _LARGEST_GAP * (high - low)

    def contains(self, values: Array) -> Mask:
        """Tell which values lie in the window or one of its sidebands; shape (n_events,)."""
        return self.in_signal_region(values) | self.in_low_sideband(values) | self.in_high_sideband(values)

    def require_full_sideband(self, values: Array) -> None:
        """Refuse a low sideband that the data begin inside of: what is left of it is another sideband.

        They do if a tenth of it or more is empty at its beginning, and as wide a part above holds many
        events. An upper end that runs dry is left to statistics.

        Raises:
            MaplessError: the data begin inside the low sideband; it says where.
        """
        low, high = self.low_sideband
        inside = values[self.in_low_sideband(values)]
        start = float(np.min(inside, initial=high))
        if self.lacks_low_sideband(start) and np.sum(inside < start + (start - low)) >= _MANY:
            raise MaplessError(
                f"window {self}: its low sideband begins at {low:g} and the data at {start:.0f}; that "
                f"leaves {(high - start) / (high - low):.0%} of it: choose another window or other data"
            )

    def balanced_weights(self, values: Array, weight: Array) -> NDArray[np.float64]:
        """Weight both sidebands equally, and the signal region as much as both together.

        The high sideband is scaled to the low one, the signal region to the sum of the two, and events
        elsewhere get 0, as in CMS EXO-22-026 (arXiv:2412.03747). Shapes (n_events,).

        Raises:
            MaplessError: the window or a sideband holds no events.
        """
        low = self._sum("low sideband", self.in_low_sideband(values), weight)
        high = self._sum("high sideband", self.in_high_sideband(values), weight)
        signal = self._sum("signal region", self.in_signal_region(values), weight)
        scale = np.select(
            [self.in_low_sideband(values), self.in_high_sideband(values), self.in_signal_region(values)],
            [1.0, low / high, 2 * low / signal],
            default=0.0,
        )
        return scale * weight

    def sideband_weights(self, values: Array, weight: Array) -> NDArray[np.float64]:
        """Weight both sidebands equally and everything else by 0, the sample that defines efficiencies.

        Raises:
            MaplessError: a sideband holds no events.
        """
        low = self._sum("low sideband", self.in_low_sideband(values), weight)
        high = self._sum("high sideband", self.in_high_sideband(values), weight)
        scale = np.where(self.in_low_sideband(values), 1.0, 0.0)
        scale += self.in_high_sideband(values) * (low / high)
        return scale * weight

    def _sum(self, region: str, mask: Mask, weight: Array) -> float:
        total = float(np.sum(weight, where=mask, dtype=np.float64))
        if total > 0:
            return total
        raise MaplessError(
            f"the {region} of window {self} holds no events; choose another window or a sample "
            "that reaches it"
        )


def windows_between(edges: Sequence[float], column: str, series: str = "") -> dict[str, Window]:
    """Windows between edges, whose neighbours are their sidebands; the outermost are sidebands only.

    They are called by a series and their number, from 1.

    >>> found = windows_between((1450, 1650, 2017, 2465, 3013), "mjj", "A")
    >>> {name: (window.low, window.high, window.high_sideband) for name, window in found.items()}
    {'A1': (1650, 2017, (2017, 2465)), 'A2': (2017, 2465, (2465, 3013))}
    """
    intervals = list(pairwise(edges))
    neighbours = zip(intervals, intervals[1:], intervals[2:], strict=False)
    return {
        f"{series}{number}": Window(f"{series}{number}", column, *own, low_sideband=low, high_sideband=high)
        for number, (low, own, high) in enumerate(neighbours, start=1)
    }


def _within(values: Array, interval: Interval) -> Mask:
    return (values >= interval[0]) & (values < interval[1])
