"""Which cross section to inject next, until those injected tell the limit and the discovery reach.

With every injection i comes sigma_i and the cross section that it excludes, N / (efficiency_i luminosity).
What is excluded falls as the signal grows, since the efficiency of weak supervision rises with it; the limit
is the minimum of max(sigma_i, excluded_i), where both are equal (CMS EXO-22-026, arXiv:2412.03747).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from errors import MaplessError

NEAR = 1.3
"""Ratio of two neighbouring injections that are close enough for the minimum between them."""

_LEAST, _MOST = 1.3, 2.5  # factors from one injection to the next outside of those that are there


@dataclass(frozen=True)
class Injected:
    """A cross section that was injected, the median one that it excludes, and its expected significance.

    Both cross sections are in the same units; where nothing is selected none is excluded (None).
    """

    cross_section: float
    excluded: float | None
    significance: float | None = None

    @property
    def is_excluded(self) -> bool:
        """Whether such a signal would be excluded."""
        return self.excluded is not None and self.excluded <= self.cross_section


def next_injection(
    points: Sequence[Injected], start: float, largest: float, *, significance: float = 5.0, most: int = 8
) -> float | None:
    """The next cross section to inject; None when those that are there tell all that they can.

    The first is `start`, and none is above the `largest` that there are events for. The minimum is bracketed
    by an injection that is excluded and a smaller one, at most a factor of NEAR below it, that is not. Then
    larger ones follow until a `significance` is expected. There are at most `most`. Raises MaplessError for
    cross sections that are not above zero.

    >>> next_injection([], start=30.0, largest=100.0)
    30.0
    >>> next_injection([Injected(30.0, 20.0, 6.0)], start=30.0, largest=100.0)
    20.0
    >>> next_injection([Injected(20.0, 26.0, 4.0), Injected(30.0, 20.0, 6.0)], start=30.0, largest=100.0)
    24.4
    """
    if not (start > 0 and largest > 0):
        raise MaplessError(f"injections of {start:g} up to {largest:g} are impossible; give some above zero")
    if len(points) >= most:
        return None
    if not points:
        return _rounded(min(start, largest))
    ordered = sorted(points, key=lambda point: point.cross_section)
    return _towards_minimum(ordered, largest) or _towards_significance(ordered, significance, largest)


def _towards_minimum(ordered: Sequence[Injected], largest: float) -> float | None:
    """Around or into the bracket; None if it is narrow, or larger injections are wanted than can be had."""
    excluded = [one for one in ordered if one.is_excluded]
    if not excluded:
        return _beyond(ordered[-1], ordered[-1].excluded, largest)
    lowest, wanted = excluded[0].cross_section, excluded[0].excluded
    below = [one.cross_section for one in ordered if one.cross_section < lowest]
    if not below:
        return _rounded(lowest / _factor(lowest, wanted))
    return _rounded(float(np.sqrt(lowest * below[-1]))) if lowest / below[-1] > NEAR else None


def _towards_significance(ordered: Sequence[Injected], wanted: float, largest: float) -> float | None:
    """A larger injection, if none is expected to be so significant yet."""
    last = ordered[-1]
    if max((one.significance or 0.0 for one in ordered), default=0.0) >= wanted:
        return None
    in_proportion = wanted * last.cross_section / last.significance if last.significance else None
    return _beyond(last, in_proportion, largest)


def _beyond(last: Injected, wanted: float | None, largest: float) -> float | None:
    """A larger injection, towards what is wanted; None if there are no events for one."""
    found = _rounded(min(last.cross_section * _factor(wanted, last.cross_section), largest))
    return found if found > last.cross_section else None


def _factor(above: float | None, below: float | None) -> float:
    """A step by a quotient, not too small and not too large; the largest if a number is missing or zero."""
    return float(np.clip(above / below, _LEAST, _MOST)) if above and below else _MOST


def _rounded(cross_section: float) -> float:
    """To three digits, downwards: such a number can be said again."""
    digits = 10.0 ** (np.floor(np.log10(cross_section)) - 2)
    return float(f"{np.floor(cross_section / digits * (1 + 1e-12)) * digits:.6g}")
