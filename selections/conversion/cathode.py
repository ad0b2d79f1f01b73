"""The arrays of CATHODE and skCATHODE: m_jj, the lighter mass, the difference of masses, ratios, a label.

Columns (TeV): m_jj, m of the lighter jet, m heavier - m lighter, tau21 of the lighter and of the heavier jet,
optionally the distance of the jets, and the label.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections.canonical_writer import Columns
from selections.conversion.checks import HIGHEST
from selections.conversion.parts import slices

GEV = 1000.0
WITHOUT_DISTANCE, WITH_DISTANCE = 6, 7  # columns


def read(path: Path) -> Iterator[Columns]:
    """Canonical columns of a dijet selection: mjj, jet1 (the heavier) and jet2; GeV."""
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as problem:
        raise MaplessError(f"{path} cannot be read as an array: {problem}") from None
    if values.ndim != 2 or values.shape[1] not in (WITHOUT_DISTANCE, WITH_DISTANCE):  # noqa: PLR2004
        raise MaplessError(f"{path} has the shape {values.shape}; arrays of CATHODE have 6 or 7 columns")
    if values.dtype.kind not in "iuf":
        raise MaplessError(f"{path} holds {values.dtype}, not real numbers")
    for part in slices(len(values)):
        rows = np.asarray(values[part], np.float64)
        if not np.isfinite(rows).all():
            raise MaplessError(f"{path} holds NaN or infinity; leave those events out")
        _check_plausible(path, rows)
        columns = {
            "event": np.arange(part.start, part.stop),
            "weight": np.ones(len(rows)),
            "truth_label": rows[:, -1],
            "mjj": GEV * rows[:, 0],
            "jet1_softdrop_mass": GEV * (rows[:, 1] + rows[:, 2]),
            "jet2_softdrop_mass": GEV * rows[:, 1],
            "jet1_tau21": rows[:, 4],
            "jet2_tau21": rows[:, 3],
        }
        yield columns | ({"delta_r": rows[:, 5]} if rows.shape[1] == WITH_DISTANCE else {})


def _check_plausible(path: Path, rows: NDArray[np.float64]) -> None:
    """Other columns or units would be taken for these."""
    if GEV * rows[:, 0].max(initial=0) > HIGHEST:
        raise MaplessError(f"{path}: m_jj goes up to {rows[:, 0].max():g} TeV; is it in GeV? Divide by 1000")
    for place, name in ((0, "m_jj"), (1, "the lighter mass"), (2, "the difference of masses")):
        if rows[:, place].min(initial=0) < 0:
            lowest = rows[:, place].min()
            raise MaplessError(f"{path}: column {place} holds {lowest:g}, but {name} is not negative")


def write(path: Path, parts: Iterator[Mapping[str, Any]]) -> int:
    """Write columns of a dijet selection as such an array; return the number of events."""
    stacked = []
    for part in parts:
        heavier, lighter = (_numbers(part, f"jet{number}_softdrop_mass") / GEV for number in (1, 2))
        swap = lighter > heavier
        heavier, lighter = np.maximum(heavier, lighter), np.minimum(heavier, lighter)
        first, second = (_numbers(part, f"jet{number}_tau21") for number in (1, 2))
        ratios = [np.where(swap, first, second), np.where(swap, second, first)]
        label = _numbers(part, "truth_label")
        stacked.append(
            np.column_stack([_numbers(part, "mjj") / GEV, lighter, heavier - lighter, *ratios, label])
        )
    rows = np.concatenate(stacked) if stacked else np.empty((0, WITHOUT_DISTANCE))
    if not len(rows):
        raise MaplessError(f"no events to write to {path}")
    _check_plausible(path, rows)
    partial = path.with_name(path.name + ".partial.npy")
    np.save(partial, rows)
    partial.replace(path)
    return len(rows)


def _numbers(part: Mapping[str, Any], name: str) -> NDArray[Any]:
    """A column (n_events,); MaplessError for one of lists."""
    if part[name].ndim > 1:
        raise MaplessError(f"{name} holds lists, not one number of each event")
    return np.asarray(part[name])
