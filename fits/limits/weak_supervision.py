"""Limits and reach of searches that are trained on the data, whose efficiency depends on the signal.

The efficiency is measured by injecting signals of several cross sections into the data and repeating the
whole analysis. An excluded number of events N then excludes a cross section sigma only if N = sigma
efficiency(sigma) luminosity is consistent. The reach is the cross section whose own events, selected with
its own efficiency, are expected to be significant. Method: CMS EXO-22-026 (arXiv:2412.03747).
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from errors import MaplessError
from fits.limits.asymptotic import BAND, LimitStatus, UpperLimit
from fits.spectrum import FloatArray

OfEvents = Callable[[float], float]
Rule = Literal["injections", "continuous"]

_PREFERENCE = 0.1


@dataclass(frozen=True, eq=False)
class InjectedEfficiencies:
    """Efficiencies of the whole selection (n,) measured with injected signals of cross sections (n,).

    Cross sections increase; `errors` (n,) are those of the efficiencies, absolute. Efficiencies include
    acceptance and branching fractions, so that events = cross section * efficiency * luminosity. Raises
    MaplessError for numbers that cannot be.
    """

    cross_sections: FloatArray
    efficiencies: FloatArray
    errors: FloatArray | float = 0.0

    def __post_init__(self) -> None:
        for name in ("cross_sections", "efficiencies"):
            object.__setattr__(self, name, np.array(getattr(self, name), dtype=float))
        n = self.cross_sections.shape
        if n != self.efficiencies.shape or not self.cross_sections.size or len(n) != 1:
            raise MaplessError(
                f"{self.efficiencies.size} efficiencies for {self.cross_sections.size} injected cross "
                "sections; give one for each"
            )
        object.__setattr__(self, "errors", np.broadcast_to(np.asarray(self.errors, dtype=float), n))
        numbers = np.concatenate([self.cross_sections, self.efficiencies, self.errors])
        if not (np.all(np.isfinite(numbers)) and np.all(numbers >= 0) and self.cross_sections[0] > 0):
            raise MaplessError("cross sections are above zero, efficiencies and errors not negative or NaN")
        if not np.all(np.diff(self.cross_sections) > 0):
            raise MaplessError("injected cross sections must increase; sort them and merge repeats")

    @property
    def relative_errors(self) -> FloatArray:
        """Errors over efficiencies (n,), zero where nothing is selected."""
        return np.divide(
            self.errors, self.efficiencies, out=np.zeros_like(self.efficiencies), where=self.efficiencies > 0
        )

    def shifted(self, n_errors: float) -> "InjectedEfficiencies":
        """All efficiencies moved by a number of their errors, not below zero."""
        moved = np.maximum(self.efficiencies + n_errors * np.asarray(self.errors), 0.0)
        return InjectedEfficiencies(self.cross_sections, moved, self.errors)


@dataclass(frozen=True)
class WeakSupervisionLimit:
    """Upper limits on the cross section, None unless the status is good.

    `expected` are for background that fluctuates by -2, -1, 0, 1, 2 standard deviations. `injection` is the
    injected cross section whose efficiency the observed limit rests on (the next one below it for the
    continuous solution), `expected_injection` that of the median expected one; a limit equal to it could be
    stronger with a smaller injection. `observed_range` are the observed limits for efficiencies one error
    higher and lower.
    """

    status: LimitStatus
    observed: float | None = None
    expected: tuple[float, ...] | None = None
    injection: float | None = None
    expected_injection: float | None = None
    observed_range: tuple[float, float] | None = None

    @property
    def median(self) -> float | None:
        """Median expected limit."""
        return None if self.expected is None else self.expected[BAND.index(0)]

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return asdict(self) | {"status": str(self.status)}


def weak_supervision_limit(
    efficiencies: InjectedEfficiencies,
    limit_on_events: UpperLimit | Sequence[UpperLimit],
    luminosity: float,
    *,
    rule: Rule = "injections",
    preference: float = _PREFERENCE,
) -> WeakSupervisionLimit:
    """Limits on the cross section, in the inverse units of the luminosity.

    `limit_on_events` is the limit on the number of selected signal events in the data without injection, or
    one for each injection: with the error of its efficiency, and its shares of the categories.

    Rule "injections": an efficiency measured at one cross section holds for all larger ones, so injection i
    excludes max(sigma_i, N / (efficiency_i luminosity)), and the smallest of them is the limit. Where it is
    the injected cross section itself, a larger injection within `preference` of that minimum is taken
    instead, whose limit is less fragile. Rule "continuous": the largest solution of sigma efficiency(sigma)
    luminosity = N, linear between injections, constant above; never below the smallest injection.

    Raises MaplessError for a luminosity that is not above zero. No limit is given if a fit failed or nothing
    is selected at any cross section.

    >>> flat = InjectedEfficiencies([1.0, 2.0, 4.0], [0.1, 0.1, 0.1])
    >>> events = UpperLimit(LimitStatus.GOOD, 0.95, 30.0, (15.0, 20.0, 28.0, 40.0, 55.0))
    >>> round(weak_supervision_limit(flat, events, luminosity=100.0).observed, 6)
    3.0
    """
    if not luminosity > 0:
        raise MaplessError(f"luminosity {luminosity:g} is not above zero")
    n = len(efficiencies.cross_sections)
    limits = [limit_on_events] * n if isinstance(limit_on_events, UpperLimit) else limit_on_events
    if len(limits) != n:
        raise MaplessError(f"{len(limits)} limits on events for {n} injections; give one for each")
    bad = next((limit.status for limit in limits if limit.observed is None), None)
    if bad:
        return WeakSupervisionLimit(bad)
    # (6, n): observed and expected numbers of events.
    events = np.array([[limit.observed, *(limit.expected or ())] for limit in limits]).T

    solve = _by_injections(preference) if rule == "injections" else _continuous
    (observed, injection), *others = (solve(efficiencies, numbers / luminosity) for numbers in events)
    expected = tuple(limit for limit, _ in others)
    if not np.all(np.isfinite([observed, *expected])):
        return WeakSupervisionLimit(LimitStatus.NO_LIMIT)
    ends = [solve(efficiencies.shifted(sign), events[0] / luminosity)[0] for sign in (1, -1)]
    of_median = others[BAND.index(0)][1]
    return WeakSupervisionLimit(
        LimitStatus.GOOD, observed, expected, injection, of_median, (ends[0], ends[1])
    )


@dataclass(frozen=True)
class WeakSupervisionReach:
    """Cross sections with which significances are reached, None where the largest injection does not.

    `expected` is the significance at each injected cross section. The status is `no_limit` if a significance
    is not reached, and `fit_failed`, without any numbers, if an expected significance is not a number.
    """

    status: LimitStatus
    significances: tuple[float, ...]
    cross_sections: tuple[float | None, ...] | None = None
    expected: tuple[float, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return asdict(self) | {"status": str(self.status)}


def weak_supervision_reach(
    efficiencies: InjectedEfficiencies,
    significance_of_events: OfEvents | Sequence[OfEvents],
    luminosity: float,
    significances: Sequence[float] = (3.0, 5.0),
) -> WeakSupervisionReach:
    """Cross sections that are expected to be significant, from injections with their own efficiencies.

    `significance_of_events` is the expected significance of a number of selected signal events, for example
    `lambda events: expected_significance(profile, events).significance or nan`, or one for each injection
    with its shares of the categories. The expected significance is interpolated linearly in the cross
    section, from zero without signal, and the smallest cross section that reaches each of the `significances`
    counts (CMS EXO-22-026, arXiv:2412.03747). Raises MaplessError for a luminosity or significances that are
    not above zero.

    >>> learning = InjectedEfficiencies([1.0, 2.0, 4.0], [0.001, 0.02, 0.05])
    >>> weak_supervision_reach(learning, lambda events: events / 2, luminosity=100.0).cross_sections
    (2.25, 2.75)
    """
    wanted = tuple(float(significance) for significance in significances)
    if not luminosity > 0 or not all(significance > 0 for significance in wanted):
        raise MaplessError("luminosity and significances of a reach are above zero; 3 and 5 are usual")
    events = luminosity * efficiencies.cross_sections * efficiencies.efficiencies
    given = significance_of_events
    each = [given] * len(events) if callable(given) else given
    expected = [of(number) if number > 0 else 0.0 for of, number in zip(each, events.tolist(), strict=True)]
    if not np.all(np.isfinite(expected)):
        return WeakSupervisionReach(LimitStatus.FIT_FAILED, wanted)
    curve = np.append(0.0, efficiencies.cross_sections), np.append(0.0, expected)
    reached = tuple(_first_crossing(*curve, significance) for significance in wanted)
    status = LimitStatus.NO_LIMIT if None in reached else LimitStatus.GOOD
    return WeakSupervisionReach(status, wanted, reached, tuple(expected))


def _first_crossing(places: FloatArray, heights: FloatArray, wanted: float) -> float | None:
    """Where the line through points first reaches a height; None if it never does."""
    above = np.flatnonzero(heights >= wanted)
    if not above.size:
        return None
    last, first = int(above[0]) - 1, int(above[0])  # the line starts at zero, below
    return float(np.interp(wanted, heights[[last, first]], places[[last, first]]))


def _by_injections(preference: float) -> Callable[[InjectedEfficiencies, FloatArray], tuple[float, float]]:
    def solve(curve: InjectedEfficiencies, visible: FloatArray) -> tuple[float, float]:
        """Limit and injected cross section, for excluded visible cross sections (n,)."""
        limits = np.maximum(curve.cross_sections, _divided(visible, curve.efficiencies))
        best = int(np.argmin(limits))
        if limits[best] == curve.cross_sections[best]:
            # Always compared to the true minimum, or closely spaced injections would add up their 10 %.
            best = int(np.flatnonzero(limits <= (1 + preference) * limits[best])[-1])
        return float(limits[best]), float(curve.cross_sections[best])

    return solve


def _continuous(curve: InjectedEfficiencies, visible: FloatArray) -> tuple[float, float]:
    """Largest cross section that is not excluded, and the injection below it."""
    sigma, efficiency = curve.cross_sections, curve.efficiencies
    above = float(_divided(visible, efficiency)[-1])
    if above >= sigma[-1]:
        return above, float(sigma[-1])
    for i in range(len(sigma) - 2, -1, -1):
        # sigma efficiency(sigma) - visible(sigma) is a parabola between two injections.
        width = sigma[i + 1] - sigma[i]
        steep, rise = np.diff(efficiency[i : i + 2])[0] / width, np.diff(visible[i : i + 2])[0] / width
        line = efficiency[i] - steep * sigma[i]
        roots = np.roots([steep, line - rise, rise * sigma[i] - visible[i]])
        inside = [x.real for x in roots if np.isreal(x) and sigma[i] <= x.real <= sigma[i + 1]]
        if inside:
            return float(max(inside)), float(sigma[i])
    return float(sigma[0]), float(sigma[0])


def _divided(above: FloatArray, below: FloatArray) -> FloatArray:
    """Quotient, infinite where nothing is selected."""
    return np.divide(above, below, out=np.full_like(below, np.inf), where=below > 0)
