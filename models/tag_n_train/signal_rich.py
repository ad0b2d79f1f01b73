"""The quantile above which a jet tags its partner as signal-rich, by itself or for each window."""

from collections.abc import Mapping

from errors import MaplessError
from models.window import Window


def signal_rich_in(window: Window | None, quantiles: float | Mapping[str, float]) -> float:
    """The quantile in a window, of one for all or of one for each name.

    Raises MaplessError where none is given for this window.

    >>> signal_rich_in(Window("B3", "mjj", 2725, 3331), {"B3": 0.65})
    0.65
    """
    if not isinstance(quantiles, Mapping):
        return quantiles
    if window is None or window.name not in quantiles:
        known = ", ".join(quantiles)
        raise MaplessError(f"signal_rich has no quantile for window {window}; it has {known}")
    return quantiles[window.name]
