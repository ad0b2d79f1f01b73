"""Physical values to hardware integers, by the compiled conversion of `mapless/level1_objects.h`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections import headers
from selections.level1.hardware import COORDINATES, N_INPUTS, N_SLOTS
from selections.root import import_root


def digitise(physical: NDArray[Any]) -> NDArray[np.int32]:
    """The 57 inputs (n, 57) of objects in physical values (n, 19, 3): pt in GeV, eta, phi.

    Slots are those of `hardware.SLOT_NAMES`; a pt of 0 is an empty slot, a pt beyond the range its end.
    Raises MaplessError for another shape, or values that are not finite.
    """
    values = np.ascontiguousarray(physical, np.float64)
    if values.shape[1:] != (N_SLOTS, len(COORDINATES)):
        raise MaplessError(f"level-1 objects have the shape {values.shape}; they must have (n, {N_SLOTS}, 3)")
    if not np.isfinite(values).all():
        raise MaplessError("level-1 objects must be finite; empty slots are zeros")
    headers.load("mapless/level1_objects.h")
    inputs = np.zeros((len(values), N_INPUTS), np.int32)
    if len(values):  # ROOT takes no empty array
        import_root().mapless.level1.digitise_all(values.ravel(), len(values), inputs.ravel())
    return inputs
