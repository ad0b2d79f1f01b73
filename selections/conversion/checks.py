"""Foreign numbers are looked at before they are converted: nothing wrong may become a zero or a row."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections.canonical_writer import SCALARS, Columns

HIGHEST = 1e5
"""GeV, above all colliders."""

_EXACT = {2: 2**11, 4: 2**24, 8: 2**53}
"""Below which a float of so many bytes holds every whole number."""

_MOMENTUM = (
    "jet_pt",
    "jet_eta",
    "jet_phi",
    "jet_mass",
    "constituent_pt",
    "constituent_eta",
    "constituent_phi",
)


def check_dataset(file: Any, name: str, n_columns: int | None, n_events: int | None = None) -> None:
    """Raise MaplessError unless a dataset of an HDF5 file holds so many numbers, or more, of each event."""
    if name not in file:
        raise MaplessError(f"there is no {name}")
    dataset = file[name]
    shape, kind = getattr(dataset, "shape", None), getattr(dataset, "dtype", np.dtype(object)).kind
    if not shape or kind not in "iufb":
        raise MaplessError(f"{name} is no array of numbers")
    if n_columns is not None and (len(shape) != 2 or shape[1] < n_columns):  # noqa: PLR2004
        raise MaplessError(f"{name} has the shape {shape}; it must have {n_columns} columns")
    if n_events is not None and shape[0] != n_events:
        raise MaplessError(f"{name} holds {shape[0]:,} events, but there are {n_events:,}")


def check_columns(columns: Columns) -> None:
    """Raise MaplessError for identities that are not whole, and for what is not finite.

    Features of jets may be NaN, which means unknown; their momenta, and what an event has once, may not.
    """
    for name, values in columns.items():
        if values.dtype.kind not in "iufb":
            raise MaplessError(f"{name} holds {values.dtype}, not real numbers")
        jagged = name.partition("_")[0] in ("jet", "constituent")
        if (name in _MOMENTUM or not jagged) and not np.isfinite(values).all():
            raise MaplessError(f"{name} is NaN or infinite in some events; leave those events out")
        kind = np.dtype(SCALARS.get(name, np.float32))
        if kind.kind in "iu":
            _check_whole(name, values, kind)


def check_momenta(pt: NDArray[Any]) -> None:
    """Raise MaplessError for momenta (GeV) that are NaN, below zero, or above those of all colliders.

    Jets that are not there have 0.
    """
    wrong = ~(pt >= 0)
    if wrong.any():
        raise MaplessError(f"a jet has the pt {pt[wrong][0]:g}; jets that are not there must have 0")
    if pt.max(initial=0) > HIGHEST:
        raise MaplessError(f"momenta go up to {pt.max():g} GeV; are they in MeV?")


def _check_whole(name: str, values: NDArray[Any], kind: np.dtype[Any]) -> None:
    if values.size == 0 or values.dtype.kind == "b":
        return
    low, high = values.min(), values.max()
    limits = np.iinfo(kind)
    if low < limits.min or high > limits.max:
        raise MaplessError(f"{name} goes from {low} to {high}, beyond {limits.min} to {limits.max}")
    if values.dtype.kind == "f" and (values != np.floor(values)).any():
        raise MaplessError(f"{name} holds {values[values != np.floor(values)][0]:g}, which is not whole")
    if values.dtype.kind == "f" and max(-low, high) >= _EXACT[values.dtype.itemsize]:
        raise MaplessError(
            f"{name} holds {high:.0f} as {values.dtype}, which is not exact; store it as an integer"
        )
