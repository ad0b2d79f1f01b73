"""How well scores separate signal from background."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import roc_curve

from errors import MaplessError

Array = NDArray[np.float64]


def sic_curve(
    y_true: ArrayLike, y_score: ArrayLike, min_background: int = 25
) -> tuple[Array, Array, Array, Array]:
    """Significance improvement: signal efficiency by the root of the background efficiency.

    Its maximum nearly always sits where the fewest background events are left, so that it says as much about
    the sample as about the score; points with fewer than `min_background` of them are left out. Quote it at
    one background efficiency, or with this number.

    Args:
        y_true: 1 for signal and 0 for background, (n_events,) or (n_events, 1).
        y_score: scores of the same shape.
        min_background: background events that pass at the least.

    Returns:
        improvement, background efficiency, signal efficiency and threshold, as in skCATHODE; from tight to
        loose. Raises MaplessError where no threshold leaves so many background events.

    >>> truth = np.array([1, 1, 0, 1, 0, 0, 0])
    >>> improvement, background, signal, threshold = sic_curve(truth, np.arange(7)[::-1], min_background=1)
    >>> print(improvement.round(2)[:2], background[:2], signal.round(2)[:2])
    [1.33 2.  ] [0.25 0.25] [0.67 1.  ]
    """
    truth = np.ravel(y_true)
    background, signal, threshold = roc_curve(truth, np.ravel(y_score), drop_intermediate=False)
    enough = background * np.count_nonzero(truth == 0) > min_background - 0.5
    if not enough.any():
        raise MaplessError(f"no threshold leaves {min_background} background events; the sample is too small")
    improvement = signal[enough] / np.sqrt(background[enough])
    return improvement, background[enough], signal[enough], threshold[enough]
