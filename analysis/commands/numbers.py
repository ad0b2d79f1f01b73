"""How tables write numbers that may be missing."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def number(value: float | None, form: str) -> str:
    """A number in a format, or a dash.

    >>> number(1.25, ".1f"), number(None, ".1f")
    ('1.2', '–')
    """
    return "–" if value is None or not np.isfinite(value) else format(value, form)


def with_error(value: float | None, error: float | None, form: str) -> str:
    """A number with its error.

    >>> with_error(12.3, None, ".0f")
    '12 ± –'
    """
    return f"{number(value, form)} ± {number(error, form)}"


def global_words(found: Mapping[str, Any]) -> str:
    """A global significance as it is stored, with where its p-value and its significance come from.

    >>> found = {"p_value": 0.04, "n_toys": 50, "n_failed": 0, "significance": 1.75, "extrapolated": False}
    >>> global_words(found)
    '1.75 σ, p = 0.04 (50 toys)'
    >>> global_words(found | {"p_value": 0.0, "extrapolated": True, "upcrossings_p_value": 0.04})
    'p < 1/50 (none of 50 toys reaches it); 1.75 σ, p = 0.04 by up-crossings'
    """
    if found["p_value"] is None:
        return str(found["status"])
    n_toys, significance = found["n_toys"] - found["n_failed"], found["significance"]
    in_sigma = "" if significance is None else f"{significance:.2f} σ, "
    if not found["extrapolated"]:
        return f"{in_sigma}p = {found['p_value']:.3g} ({n_toys} toys)"
    by_toys = f"p < 1/{n_toys} (none of {n_toys} toys reaches it)"
    if significance is None:
        return by_toys
    return f"{by_toys}; {in_sigma}p = {found['upcrossings_p_value']:.2g} by up-crossings"
