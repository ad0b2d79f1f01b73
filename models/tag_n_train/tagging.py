"""Jets that the other jet of their event tags: what the classifier of Tag N' Train learns from."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.preprocessing import match_spectrum
from models.quantiles import weighted_quantile
from models.weak_supervision.input_sets import Lesson
from models.window import Window

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Jets:
    """Two jets of each event in a window and its sidebands.

    Attributes:
        mass, fold, weight: of the events, (n_events,).
        errors: of the autoencoder that tags, for each jet (2, n_events); only those in the window count.
        matched: column of each jet (2, n_events) whose spectrum is matched, if any.
    """

    mass: NDArray[Any]
    fold: NDArray[np.integer]
    weight: Array
    errors: Array
    matched: Array | None


def tagged(jets: Jets, window: Window, held_out: int, signal_rich: float, background_rich: float) -> Lesson:
    """Signal-rich against background-rich jets outside of a fold.

    A jet is signal-rich if it is in the window and the error of the other jet is above its quantile
    `signal_rich`, background-rich if that is below its quantile `background_rich` or the event lies in a
    sideband; all others are left out. Quantiles are those of events in the window, which no autoencoder has
    seen. The jets of the window and of each sideband weigh the same. Rows of the lesson count first jets,
    then second ones.

    Raises:
        MaplessError: no jet is signal-rich.
    """
    inside = window.in_signal_region(jets.mass)
    seen = jets.fold != held_out
    reference = np.tile(inside & seen, (2, 1))
    weight = np.tile(jets.weight, (2, 1))
    low, high = (
        weighted_quantile(jets.errors[reference], weight[reference], quantile)
        for quantile in (background_rich, signal_rich)
    )
    of_other = jets.errors[::-1]
    signal = inside & seen & (of_other > high)
    background = seen & (~inside | (of_other < low))
    rows = np.flatnonzero(signal | background)
    if not signal.any():
        raise MaplessError(
            f"no jet in window {window} is signal-rich; lower the quantile or take more events"
        )
    labels, event = signal.ravel()[rows], rows % len(jets.mass)
    weights = _of_equal_regions(window, jets.mass[event], jets.weight[event])
    if jets.matched is not None:
        values = jets.matched.ravel()[rows]
        weights[~labels] = match_spectrum(values[~labels], weights[~labels], values[labels], weights[labels])
    return Lesson(rows, labels, (weights / weights.mean()).astype(np.float32))


def _of_equal_regions(window: Window, mass: NDArray[Any], weight: Array) -> Array:
    balanced = window.balanced_weights(mass, weight)  # the window weighs as much as both sidebands
    return np.where(window.in_signal_region(mass), balanced / 2, balanced)
