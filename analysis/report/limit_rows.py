"""Limits on all signals as rows of tables: one for each signal and method."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.search import TestedSignal

INCLUSIVE, TRADITIONAL = "inclusive", "traditional"


@dataclass(frozen=True)
class LimitRow:
    """What one method says of one signal; numbers in fb, None where there are none.

    Args:
        signal: as tables name it.
        mass: of its resonance in GeV.
        fit, part: that the numbers come from.
        method: the name of a hunt, or what stands for no hunt at all.
        hunts: whether it is a hunt.
        status: of the limit.
        observed: limit.
        expected: limits for background that fluctuates by -2 to 2 standard deviations.
        reach: cross sections expected to have 3 and 5 sigma.
        efficiency, error: part of all produced events that the median limit rests on.
        improvement: the median limit of the inclusive search over that of the method.
        efficiencies: those measured, with what was injected, as they are stored.
    """

    signal: TestedSignal
    mass: float
    fit: str
    part: str
    method: str
    hunts: bool
    status: str
    observed: float | None
    expected: tuple[float, ...] | None
    reach: tuple[float | None, float | None]
    efficiency: float
    error: float
    systematic: float
    n_toys: int
    improvement: float | None
    efficiencies: Sequence[Mapping[str, Any]]

    @property
    def median(self) -> float | None:
        """Median expected limit."""
        return None if self.expected is None else self.expected[2]


def limit_rows(signal: TestedSignal, stored: Sequence[Mapping[str, Any]]) -> list[LimitRow]:
    """The rows of one signal from what the limit stages of its fits have stored."""
    found = [(one["mass"], part) for one in stored for part in one["found"]]
    inclusive = [
        part["limit"]["expected"][2]
        for _, part in found
        if not part["hunt"] and not part["traditional"] and part["limit"]["expected"]
    ]
    parts = [part for _, part in found]
    return [
        _row(signal, mass, part, _method(part, parts), min(inclusive, default=None)) for mass, part in found
    ]


def best_rows(rows: Sequence[LimitRow]) -> list[LimitRow]:
    """Of every signal the hunt with the smallest expected limit, if there is one."""
    signals = dict.fromkeys(row.signal.sample for row in rows)
    found = []
    for sample in signals:
        some = [row for row in rows if row.signal.sample == sample and row.hunts and row.median]
        found += [min(some, key=lambda row: row.median or float("inf"))] if some else []
    return found


def _row(
    signal: TestedSignal, mass: float, part: Mapping[str, Any], method: str, inclusive: float | None
) -> LimitRow:
    expected, injection = part["limit"]["expected"], part["limit"].get("expected_injection")
    points = part["efficiencies"]
    point = next((one for one in points if one["cross_section"] == injection), points[-1])
    three, five = part["reach"]["values"] or (None, None)
    return LimitRow(
        signal,
        mass,
        part["fit"],
        part["part"],
        method,
        bool(part["hunt"]),
        part["limit"]["status"],
        part["limit"]["observed"],
        expected and tuple(expected),
        (three, five),
        point["efficiency"],
        point["error"],
        part["systematic"],
        part["n_toys"],
        inclusive / expected[2] if inclusive and expected else None,
        points,
    )


def _method(part: Mapping[str, Any], parts: Sequence[Mapping[str, Any]]) -> str:
    """The hunt, and what tells it from others where there are several spectra, windows or parts."""
    name = part["hunt"] or (TRADITIONAL if part["traditional"] else INCLUSIVE)

    def alike(key: str) -> int:
        same = [
            one for one in parts if (one["hunt"], one["traditional"]) == (part["hunt"], part["traditional"])
        ]
        return len({str(one[key]) for one in same})

    words = [name]
    words += [part["spectrum"]] if alike("spectrum") > 1 else []
    words += [part["window"]["name"]] if part["window"] and alike("window") > 1 else []
    words += [part["part"]] if alike("part") > 1 else []
    return ", ".join(words)
