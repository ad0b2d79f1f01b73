"""Mass windows: the signal region in m_jj, its two sidebands, and the windows of the CMS search."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError

Interval = tuple[float, float]
Array = NDArray[np.floating]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class MassWindow:
    """A signal region in m_jj with a sideband on either side; all masses in GeV, intervals [low, high).

    Sidebands that are not given touch the window and have its relative width, `low**2 / high` to `low` and
    `high` to `high**2 / low`, as the (nearly logarithmic) bins of the CMS search do.

    Args:
        low, high: edges of the signal region.
        low_sideband, high_sideband: intervals below and above it.
        kept_fraction: fraction of the weighted sideband events that an anomaly cut keeps.

    Raises:
        MaplessError: the window is impossible (edges out of order, sidebands that overlap the window, ...).

    >>> window = MassWindow(2725, 3331)
    >>> [round(edge) for edge in (*window.low_sideband, *window.high_sideband)]
    [2229, 2725, 3331, 4072]
    """

    low: float
    high: float
    low_sideband: Interval = (0.0, 0.0)
    high_sideband: Interval = (0.0, 0.0)
    kept_fraction: float = 0.01

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high < np.inf:
            raise MaplessError(f"mass window {self} is impossible; its edges must be positive and rise")
        defaults = {
            "low_sideband": (self.low**2 / self.high, self.low),
            "high_sideband": (self.high, self.high**2 / self.low),
        }
        for name, default in defaults.items():
            given = tuple(getattr(self, name))
            object.__setattr__(self, name, default if given == (0.0, 0.0) else given)
        self._check()

    def _check(self) -> None:
        edges = (0.0, *self.low_sideband, self.low, self.high, *self.high_sideband)
        if any(low >= high for low, high in (self.low_sideband, self.high_sideband)):
            raise MaplessError(f"mass window {self} has an empty sideband; give intervals (low, high) in GeV")
        if any(left > right for left, right in pairwise(edges)):
            raise MaplessError(
                f"mass window {self} overlaps its sidebands; low sideband, window and "
                "high sideband must follow each other"
            )
        if not 0 < self.kept_fraction < 1:
            raise MaplessError(f"mass window {self} keeps {self.kept_fraction} of sidebands; choose 0 to 1")

    def __str__(self) -> str:
        return f"{self.low:g}-{self.high:g} GeV"

    def in_signal_region(self, mjj: Array) -> Mask:
        """Tell which events lie in the window; shape (n_events,)."""
        return _within(mjj, (self.low, self.high))

    def in_low_sideband(self, mjj: Array) -> Mask:
        """Tell which events lie in the sideband below the window; shape (n_events,)."""
        return _within(mjj, self.low_sideband)

    def in_high_sideband(self, mjj: Array) -> Mask:
        """Tell which events lie in the sideband above the window; shape (n_events,)."""
        return _within(mjj, self.high_sideband)

    def contains(self, mjj: Array) -> Mask:
        """Tell which events lie in the window or one of its sidebands; shape (n_events,)."""
        return self.in_signal_region(mjj) | self.in_low_sideband(mjj) | self.in_high_sideband(mjj)

    def balanced_weights(self, mjj: Array, weight: Array) -> NDArray[np.float64]:
        """Weight both sidebands equally, and the signal region as much as both together.

        The high sideband is scaled to the low one, the signal region to the sum of the two, and events
        elsewhere get 0, as in CMS EXO-22-026 (arXiv:2412.03747). Shapes (n_events,).

        Raises:
            MaplessError: the window or a sideband holds no events.
        """
        low = self._region_sum("low sideband", self.in_low_sideband(mjj), weight)
        high = self._region_sum("high sideband", self.in_high_sideband(mjj), weight)
        signal = self._region_sum("signal region", self.in_signal_region(mjj), weight)
        scale = np.select(
            [self.in_low_sideband(mjj), self.in_high_sideband(mjj), self.in_signal_region(mjj)],
            [1.0, low / high, 2 * low / signal],
            default=0.0,
        )
        return scale * weight

    def sideband_weights(self, mjj: Array, weight: Array) -> NDArray[np.float64]:
        """Weight both sidebands equally and everything else by 0, the sample that defines efficiencies.

        Raises:
            MaplessError: a sideband holds no events.
        """
        low = self._region_sum("low sideband", self.in_low_sideband(mjj), weight)
        high = self._region_sum("high sideband", self.in_high_sideband(mjj), weight)
        scale = np.where(self.in_low_sideband(mjj), 1.0, 0.0) + self.in_high_sideband(mjj) * (low / high)
        return scale * weight

    def _region_sum(self, region: str, mask: Mask, weight: Array) -> float:
        total = float(np.sum(weight, where=mask, dtype=np.float64))
        if total > 0:
            return total
        raise MaplessError(
            f"the {region} of mass window {self} holds no events; "
            "choose another window or a sample that reaches it"
        )


def _within(mjj: Array, interval: Interval) -> Mask:
    return (mjj >= interval[0]) & (mjj < interval[1])


# Bin edges and kept fractions: CMS EXO-22-026, arXiv:2412.03747.
_CMS_EDGES = {
    "A": (1450.0, 1650.0, 2017.0, 2465.0, 3013.0, 3682.0, 4500.0, 5500.0, 8000.0),
    "B": (1492.0, 1824.0, 2230.0, 2725.0, 3331.0, 4071.0, 4975.0, 6081.0, 8000.0),
}
_CMS_KEPT = (0.01, 0.01, 0.01, 0.03, 0.03, 0.05)


def _cms_window(series: str, number: int) -> MassWindow:
    edges = _CMS_EDGES[series]
    return MassWindow(
        edges[number],
        edges[number + 1],
        low_sideband=(edges[number - 1], edges[number]),
        high_sideband=(edges[number + 1], edges[number + 2]),
        kept_fraction=_CMS_KEPT[number - 1],
    )


CMS_WINDOWS: Mapping[str, MassWindow] = MappingProxyType(
    {f"{series}{number}": _cms_window(series, number) for series in "AB" for number in range(1, 7)}
)
"""The twelve signal regions of CMS EXO-22-026: A1 (1650-2017 GeV) to B6 (4975-6081 GeV)."""


def masses_of_window(windows: Mapping[str, MassWindow], name: str, masses: Array) -> Array:
    """Return those of the resonance masses (GeV) that one window is used for: no other has its centre nearer.

    Distances are in log m. For the twelve windows of CMS this gives every mass to one that contains it.

    >>> masses_of_window(CMS_WINDOWS, "B3", np.arange(2500, 3500, 100)).tolist()
    [2900, 3000, 3100]
    """
    centres = np.log([window.low * window.high for window in windows.values()]) / 2
    nearest = np.abs(np.log(masses)[:, None] - centres).argmin(axis=1)
    return masses[nearest == list(windows).index(name)]
