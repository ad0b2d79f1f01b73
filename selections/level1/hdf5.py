"""Level-1 events in HDF5, as the groups of AXOL1TL and CICADA exchange them.

Objects: one data set (N, 57), or (N, 19, 3) with pt, eta, phi, or (N, 19, 4) with the class as well: 1 MET,
2 e/gamma, 3 muon, 4 jet (arXiv:2107.02157). Regions: the data set `CaloRegions` (N, 18, 14), or a group of
that name with the data set `et`; `PV_npvs` counts vertices, `AcceptanceFlag` marks events worth a trigger.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections.level1.digitise import digitise
from selections.level1.events import Level1Events
from selections.level1.hardware import COORDINATES, N_INPUTS, N_SLOTS, OBJECT_SLOTS, REGION_SHAPE

CLASSES = np.repeat(np.arange(1, len(OBJECT_SLOTS) + 1), list(OBJECT_SLOTS.values()))
OBJECT_SHAPES = ((N_INPUTS,), (N_SLOTS, 3), (N_SLOTS, 4))

Units = Literal["auto", "hardware", "gev"]


def read(
    path: Path,
    *,
    max_events: int | None = None,
    dataset: str | None = None,
    units: Units = "auto",
    accepted_only: bool = True,
) -> Level1Events:
    """Level-1 events of an HDF5 file.

    `dataset` names the objects where the file has several. `units`: "gev" turns physical values into hardware
    integers; "auto" does so when not all values are integers. With `accepted_only`, events whose
    AcceptanceFlag is not set are left out.
    """
    import h5py

    try:
        file = h5py.File(path)
    except OSError:
        raise MaplessError(f"{path} is not an HDF5 file, or not complete") from None
    with file:
        arrays = {name: file[name] for name in names(file)}
        events = Level1Events.of(
            objects=objects(path, arrays, dataset, units, max_events),
            regions=regions(path, arrays, max_events),
            n_pileup=vector(arrays, "PV_npvs", max_events),
            other_bits={name: arrays[name][:max_events] for name in arrays if name.startswith("L1_")},
        )
        accepted = vector(arrays, "AcceptanceFlag", max_events)
    return events.select(accepted.astype(bool)) if accepted is not None and accepted_only else events


def names(file: Any) -> list[str]:
    """Names of all data sets, those in groups too."""
    found: list[str] = []
    file.visititems(lambda name, item: found.append(name) if hasattr(item, "shape") else None)
    return found


def vector(arrays: Mapping[str, Any], name: str, stop: int | None) -> NDArray[Any] | None:
    """A data set with one number an event, if it is there."""
    return np.ravel(arrays[name][:stop]) if name in arrays else None


def regions(path: Path, arrays: Mapping[str, Any], stop: int | None) -> NDArray[Any] | None:
    """Calorimeter regions (n, 18, 14), if they are there."""
    name = next((name for name in ("CaloRegions", "CaloRegions/et") if name in arrays), None)
    if name is None:
        return None
    found = arrays[name][:stop]
    if found.shape[1:] not in (REGION_SHAPE, (*REGION_SHAPE, 1)):
        raise MaplessError(f"{path}: {name} has the shape {found.shape}; regions are (N, 18, 14)")
    return found.reshape(-1, *REGION_SHAPE)


def objects(
    path: Path, arrays: Mapping[str, Any], dataset: str | None, units: Units, stop: int | None
) -> NDArray[Any] | None:
    """Objects (n, 57) as hardware integers; None where there are regions only."""
    name = dataset or find_objects(path, arrays)
    if name is None:
        return None
    if name not in arrays:
        raise MaplessError(f"{path} has no data set {name}; there are {', '.join(arrays)}")
    values = arrays[name][:stop]
    if values.shape[1:] not in OBJECT_SHAPES:
        raise MaplessError(
            f"{path}: {name} has the shape {values.shape}; it must be (N, 57) or (N, 19, 3 or 4)"
        )
    slots = values.reshape(len(values), N_SLOTS, math.prod(values.shape[1:]) // N_SLOTS)
    check_classes(path, slots)
    physical = slots[:, :, : len(COORDINATES)]
    integers = np.array_equal(physical, np.rint(physical))
    if units == "gev" or (units == "auto" and not integers):
        return digitise(physical)
    if not integers:
        raise MaplessError(f"{path}: {name} is not made of hardware integers; say units='gev'")
    return physical.reshape(len(values), N_INPUTS)


def find_objects(path: Path, arrays: Mapping[str, Any]) -> str | None:
    """The one data set that has the shape of objects."""
    found = [name for name, array in arrays.items() if array.shape[1:] in OBJECT_SHAPES]
    if len(found) > 1:
        raise MaplessError(f"{path} has objects in {', '.join(found)}; choose one by dataset=")
    if not found and not any(name.startswith("CaloRegions") for name in arrays):
        there = ", ".join(f"{name} {array.shape}" for name, array in arrays.items()) or "nothing"
        raise MaplessError(
            f"{path} has neither objects (N, 57), (N, 19, 3) or (N, 19, 4) nor CaloRegions; it holds {there}"
        )
    return found[0] if found else None


def check_classes(path: Path, slots: NDArray[Any]) -> None:
    """Every object must stand in a slot of its own class; 0 is an empty slot."""
    if slots.shape[2] <= len(COORDINATES):
        return
    wrong = (slots[:, :, 3] != 0) & (slots[:, :, 3] != CLASSES)
    if wrong.any():
        slot = int(np.argmax(wrong.any(axis=0)))
        raise MaplessError(
            f"{path}: slot {slot} holds not only class {CLASSES[slot]}; it goes MET, e/gamma, muons, jets"
        )
