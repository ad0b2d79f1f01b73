"""Injections close in on the limit, whatever the efficiency does, and stop where there are no events left."""

from collections.abc import Callable

import pytest

from errors import MaplessError
from fits.limits.injection_grid import NEAR, Injected, next_injection


def _injections(
    efficiency: Callable[[float], float], start: float, largest: float, most: int = 12
) -> list[Injected]:
    """All injections for limits of 20 events; 12 events have one sigma."""
    points: list[Injected] = []
    while (sigma := next_injection(points, start, largest, most=most)) is not None:
        assert sigma not in [point.cross_section for point in points]
        passing = efficiency(sigma)
        points.append(Injected(sigma, 20 / passing if passing else None, sigma * passing / 12))
    return points


@pytest.mark.parametrize("start", [0.5, 8.0, 30.0, 300.0])
@pytest.mark.parametrize(
    "efficiency", [lambda sigma: 1.0, lambda sigma: min(sigma / 25, 1.0), lambda sigma: float(sigma > 12)]
)
def test_the_limit_is_bracketed_from_any_start(start: float, efficiency: Callable[[float], float]) -> None:
    points = _injections(efficiency, start, 1000.0)
    lowest = min(point.cross_section for point in points if point.is_excluded)
    below = max(point.cross_section for point in points if point.cross_section < lowest)
    truth = next(sigma / 100 for sigma in range(1, 10**5) if sigma / 100 * efficiency(sigma / 100) >= 20)
    assert below <= truth <= lowest <= NEAR * below * 1.01
    assert max(point.significance or 0 for point in points) >= 5


def test_there_are_no_more_than_asked_for_and_none_above_the_largest() -> None:
    assert len(_injections(lambda sigma: 1.0, 0.5, 1000.0, most=3)) == 3
    unreachable = _injections(lambda sigma: 0.001, 10.0, 77.0)
    assert [point.cross_section for point in unreachable] == [10.0, 25.0, 62.5, 77.0]


def test_impossible_cross_sections_are_refused() -> None:
    with pytest.raises(MaplessError, match="injections of 0 up to 5 are impossible"):
        next_injection([], 0.0, 5.0)
