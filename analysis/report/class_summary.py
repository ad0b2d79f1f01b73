"""Whether classes of events differ from simulation more often than pseudo-experiments do, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALL = 0.05
"""A p-tilde below which classes are counted."""
KINDS = {"": "exclusive", "+X": "inclusive", "+Nj": "jet-inclusive"}
QUANTITIES = {
    "sum_pt": r"$\Sigma p_T$ [GeV]",
    "mass": "(Transverse) mass [GeV]",
    "missing_pt": r"$p_T^{miss}$ [GeV]",
}
"""Titles of axes."""


def class_summary(results: Sequence[Mapping[str, Any]], rounds: NDArray[np.floating]) -> dict[str, Any]:
    """Of every kind of classes and quantity how many are scanned, and how many have a small p-tilde.

    `rounds` (n_results, n_rounds) are p-tilde of the pseudo-experiments. Their systematic shifts are common,
    so that the spread of the expected number is that of correlated classes. The smallest p-tilde of all is
    corrected by the number of distributions (Bonferroni), which is never too small a p-value.
    """
    found = []
    for suffix, kind in KINDS.items():
        for quantity in QUANTITIES:
            rows = [
                place
                for place, one in enumerate(results)
                if one["suffix"] == suffix and one["quantity"] == quantity and one["region"]
            ]
            if rows:
                p_tilde = np.array([results[place]["p_tilde"] for place in rows])
                found.append({"kind": kind, "quantity": quantity} | _counted(p_tilde, rounds[rows]))
    scanned = [one for one in results if one["region"]]
    smallest = scanned[0] if scanned else None
    upper = smallest["p_tilde"] or 1 / smallest["n_rounds"] if smallest else None
    corrected = min(1.0, upper * len(scanned)) if upper is not None else None
    summary = {
        "groups": found,
        "n_scanned": len(scanned),
        "n_vetoed": len(results) - len(scanned),
        "smallest": smallest,
        "corrected": corrected,
    }
    return summary | {"lines": [*_lines(summary)]}


def p_tilde_words(one: Mapping[str, Any]) -> str:
    """A p-tilde as tables write it.

    >>> p_tilde_words({"p_tilde": 0.0, "n_rounds": 1000, "n_below": 0})
    '< 1/1,000'
    >>> p_tilde_words({"p_tilde": 0.0123, "n_rounds": 1000, "n_below": 12})
    '0.012'
    """
    return f"{one['p_tilde']:.2g}" if one["n_below"] else f"< 1/{one['n_rounds']:,}"


def _counted(p_tilde: NDArray[np.floating], rounds: NDArray[np.floating]) -> dict[str, Any]:
    n_small = int(np.count_nonzero(p_tilde < SMALL))
    expected = np.count_nonzero(rounds < SMALL, axis=0)
    return {
        "n_scanned": len(p_tilde),
        "n_small": n_small,
        "expected": float(expected.mean()),
        "band": [float(end) for end in np.percentile(expected, [16, 84])],
        "share_of_rounds": float(np.mean(expected >= n_small)),
    }


def _lines(summary: Mapping[str, Any]) -> list[str]:
    lines = [
        f"{one['kind']}, {one['quantity']}: {one['n_scanned']} classes, {one['n_small']} with p-tilde below "
        f"{SMALL:g}, {one['expected']:.1f} expected ({one['band'][0]:.0f} to {one['band'][1]:.0f} in 68 % of "
        f"pseudo-experiments); as many or more in {one['share_of_rounds']:.1%} of them"
        for one in summary["groups"]
    ]
    if summary["smallest"]:
        one = summary["smallest"]
        lines.append(
            f"Smallest p-tilde: {p_tilde_words(one)} in {one['class']}, {one['quantity']}; corrected for "
            f"{summary['n_scanned']} distributions at most {summary['corrected']:.2g}"
        )
    return lines
