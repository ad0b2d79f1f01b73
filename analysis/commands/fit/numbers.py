"""How tables write numbers that may be missing."""

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
