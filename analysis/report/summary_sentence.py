"""What a search found, in one sentence that is right for data, simulation, closed and empty runs."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.stages.excess import EVIDENCE

OBSERVATION = 5.0  # global σ from which the field speaks of one
USUAL = 0.05  # global p-value above which a fluctuation is nothing to speak of


def summary_sentence(
    searched: str,
    closed: bool,
    closure: Sequence[Mapping[str, Any]],
    largest: Mapping[str, Any] | None,
    everywhere: Mapping[str, Any] | None,
) -> str:
    """One sentence about what was `searched`, in words.

    `largest` excess with mass (GeV), where, significance and flag, None if no fit converged; `everywhere` the
    global significance as it is stored, None if no toys were asked for.

    >>> largest = {"mass": 3000.0, "where": "mjj, all events", "significance": 0.0, "flag": ""}
    >>> summary_sentence("simulation (qcd)", False, [], largest, None)
    'In simulation (qcd) there is no excess at any mass.'
    """
    if closed:
        found = f"the signal region is closed; the closure test {_closure_words(closure)}"
    elif largest is None:
        found = "no fit converged, so nothing can be said"
    elif largest["significance"] == 0:
        found = "there is no excess at any mass"
    else:
        found = _excess_words(largest, everywhere)
    return f"In {searched} {found}."


def _excess_words(largest: Mapping[str, Any], everywhere: Mapping[str, Any] | None) -> str:
    excess = f"{largest['significance']:.2f} σ at {largest['mass']:.0f} GeV in {largest['where']}"
    excess += f" ({largest['flag'].removeprefix(', ')})" if largest["flag"] else ""
    if everywhere is None or everywhere["p_value"] is None:
        return f"the largest excess is {excess}, before the number of places that were searched counts"
    p_value = everywhere["upcrossings_p_value"] if everywhere["extrapolated"] else everywhere["p_value"]
    if p_value is None:
        return f"the largest excess is {excess}, which no toy of the background reaches anywhere"
    chance = f"background alone exceeds somewhere with a probability of {p_value:.2g}"
    if p_value > USUAL:
        return f"nothing departs from the background: the largest excess, {excess}, is one that {chance}"
    return f"there is {_strength(everywhere['significance'])}: {excess}, which {chance}"


def _strength(significance: float | None) -> str:
    """What the field calls an excess of so many σ anywhere.

    >>> [_strength(sigma) for sigma in (None, 2.0, 3.1)]
    ['an excess', 'an excess that is no evidence', 'evidence for an excess']
    """
    if significance is None:
        return "an excess"
    if significance >= OBSERVATION:
        return "an excess as large as of an observation"
    return "evidence for an excess" if significance >= EVIDENCE else "an excess that is no evidence"


def _closure_words(closure: Sequence[Mapping[str, Any]]) -> str:
    if not closure:
        return "is missing"
    failed = [check["name"] for check in closure if not check["passed"]]
    return f"failed at {len(failed)} of {len(closure)} checks ({', '.join(failed)})" if failed else "passed"
