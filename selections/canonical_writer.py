"""Compact RNTuple files with the canonical columns, a few bits for each number."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections import headers
from selections.root import import_root

Columns = dict[str, NDArray[Any]]
TUPLE_NAME = "Events"
COMPRESSION = 505  # zstd, level 5
FLOAT_BITS = 32


@dataclass(frozen=True)
class Bits:
    """Bits of a float column: `n_bits` over [low, high], or without a range the leading bits of the float.

    A float has 9 bits of sign and exponent: 20 bits leave a relative step of 2^-11 = 0.05 %.
    """

    n_bits: int
    low: float = 0
    high: float = 0

    def rounded(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values that survive the storage without bias: clipped to the range, or rounded to the last bit.

        >>> Bits(12, -1, 1).rounded(np.array([3], np.float32)).tolist()
        [1.0]
        """
        if self.low < self.high:
            return np.clip(values, np.float32(self.low), np.float32(self.high))
        half = np.uint32(1 << max(FLOAT_BITS - self.n_bits - 1, 0))
        return (values.view(np.uint32) + half).view(np.float32) if self.n_bits < FLOAT_BITS else values


ANGLE = np.pi + 1e-6
PRECISION = {
    "jet_pt": Bits(20), "jet_eta": Bits(12, -2.6, 2.6), "jet_phi": Bits(12, -ANGLE, ANGLE),
    "jet_mass": Bits(17), "jet_softdrop_mass": Bits(18),
    "jet_tau1": Bits(17), "jet_tau2": Bits(17), "jet_tau3": Bits(17), "jet_tau4": Bits(17),
    "jet_lsf3": Bits(8, 0, 1), "jet_b_tag": Bits(8, 0, 1),
    "constituent_pt": Bits(16), "constituent_eta": Bits(12, -3.5, 3.5),
    "constituent_phi": Bits(12, -ANGLE, ANGLE),
    "generator_quark_pt": Bits(18), "generator_quark_eta": Bits(16, -8, 8),
    "generator_quark_phi": Bits(14, -ANGLE, ANGLE),
}  # fmt: skip
SCALARS = {
    "run": np.uint32, "luminosity_block": np.uint32, "event": np.uint64, "weight": np.float32,
    "truth_label": np.int32, "passes_trigger": np.bool_, "passes_filters": np.bool_,
}  # fmt: skip
CPP_TYPES = {
    np.uint32: "std::uint32_t", np.uint64: "std::uint64_t", np.float32: "float", np.int32: "std::int32_t",
    np.bool_: "bool",
}  # fmt: skip


def write(path: Path, parts: Iterable[Columns], precision: Mapping[str, Bits] = PRECISION) -> None:
    """Write parts of a sample, one after the other, as one RNTuple; it appears when it is complete.

    Every part holds scalar columns (n_events,), flat jagged ones, and for each collection its counts:
    `n_jet`, `n_constituent` and the like (n_events,). All parts have the same columns. Floats without a
    `precision` keep their 32 bits.

    Raises MaplessError when there are no events, and for a column that has not as many values as there are.
    """
    headers.load("mapless/compact_writer.h")
    partial = path.with_name(path.name + ".partial")
    writer = import_root().mapless.CompactWriter()
    names: list[str] = []
    try:
        for part in parts:
            if not len(part["event"]):
                continue
            if not names:
                names = _declare(writer, part, precision)
                writer.open(str(partial), TUPLE_NAME, COMPRESSION)
            _fill(writer, names, part, precision)
        if not names:
            raise MaplessError(f"no events to write to {path}")
        writer.close()
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _declare(writer: Any, part: Columns, precision: Mapping[str, Bits]) -> list[str]:
    """Declare the columns of a part; returns their names in the order of declaration."""
    columns = [name for name in part if not _counts(name, part)]
    jagged = [name for name in columns if _collection(name, part)]
    scalars = [name for name in columns if name not in jagged]
    for name in scalars:
        writer.scalar[CPP_TYPES[_scalar_type(name, part[name])]](name)
    for name in jagged:
        if np.issubdtype(part[name].dtype, np.floating):
            bits = precision.get(name, Bits(FLOAT_BITS))
            writer.jagged_float(name, bits.n_bits, bits.low, bits.high)
        else:
            writer.jagged_int(name)
    return [*scalars, *jagged]


def _fill(writer: Any, names: list[str], part: Columns, precision: Mapping[str, Bits]) -> None:
    """Append the events of a part."""
    n_events = len(part["event"])
    starts = {
        name.removeprefix("n_"): np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        for name, counts in part.items()
        if _counts(name, part)
    }
    no_starts = np.zeros(1, dtype=np.int64)
    for name, column in part.items():
        expected = starts[_collection(name, part)][-1] if _collection(name, part) else n_events
        if column.shape != (expected,):
            raise MaplessError(
                f"{name} has the shape {column.shape}, but {expected:,} values belong to the events"
            )
    values = [_stored(name, part, precision) for name in names]  # kept alive until the events are filled
    values = [column if column.size else np.zeros(1, column.dtype) for column in values]  # to have an address
    for index, (name, column) in enumerate(zip(names, values, strict=True)):
        writer.column(index, column, starts.get(_collection(name, part), no_starts))
    writer.fill(n_events)


def _counts(name: str, part: Columns) -> bool:
    """Whether a column counts the items of a collection."""
    return name.startswith("n_") and any(other.startswith(f"{name[2:]}_") for other in part)


def _collection(name: str, part: Columns) -> str:
    """The collection that a jagged column belongs to, or nothing for a scalar."""
    known = (other[2:] for other in part if _counts(other, part))
    return next((collection for collection in known if name.startswith(f"{collection}_")), "")


def _scalar_type(name: str, values: NDArray[Any]) -> Any:
    return SCALARS.get(name, np.float32 if np.issubdtype(values.dtype, np.floating) else np.int32)


def _stored(name: str, part: Columns, precision: Mapping[str, Bits]) -> NDArray[Any]:
    """The column in the type and precision in which it is stored."""
    values = part[name]
    if not _collection(name, part):
        return np.ascontiguousarray(values, _scalar_type(name, values))
    if not np.issubdtype(values.dtype, np.floating):
        return np.ascontiguousarray(values, np.int32)
    return precision.get(name, Bits(FLOAT_BITS)).rounded(np.ascontiguousarray(values, np.float32))
