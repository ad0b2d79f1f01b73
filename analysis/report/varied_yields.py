"""How much systematic variations change what is left of a sample after all cuts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analysis.source import NOMINAL


def varied_yields(selections: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row for each shift of a variation, from the stored content of the nominal and shifted selections.

    `of_yield` is the relative change of the sum of weights after all cuts, `of_efficiency` that of its part
    of all events; None where nothing is left.
    """
    nominal = {(one["sample"], one["region"]): one for one in selections if one["shift"] == NOMINAL}
    rows: list[dict[str, Any]] = []
    for place, selection in nominal.items():
        before = [cut["weighted"] for cut in selection["cutflow"]["cuts"]]
        for variation, shift, origin, after in _shifts(place, selection, selections):
            rows.append(
                {
                    "sample": place[0],
                    "region": place[1],
                    "variation": variation,
                    "shift": shift,
                    "of_yield": _change(before[-1], after[-1]),
                    "of_efficiency": _change(_part(before), _part(after)),
                    "origin": origin,
                }
            )
    return rows


def _shifts(
    place: tuple[str, str], nominal: Mapping[str, Any], selections: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, str, str, list[float]]]:
    """Variation, shift, origin and sums of weights: event sets of their own, then weights."""
    for one in selections:
        if (one["sample"], one["region"]) == place and one["shift"] != NOMINAL:
            variation, _, shift = one["shift"].partition(":")
            yield variation, shift, one["origin"], [cut["weighted"] for cut in one["cutflow"]["cuts"]]
    for variation, varied in nominal["variations"].items():
        for shift in ("up", "down"):
            yield variation, shift, varied["origin"], varied[shift]


def _part(weighted: Sequence[float]) -> float:
    return weighted[-1] / weighted[0] if weighted[0] else 0.0


def _change(before: float, after: float) -> float | None:
    return after / before - 1 if before else None
