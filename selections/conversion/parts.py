"""What readers of foreign files share: jets as rectangles made jagged, and HDF5 files that cannot be read."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections.canonical_writer import Columns
from selections.conversion.checks import check_momenta

EVENTS_AT_ONCE = 10_000


@contextmanager
def open_hdf5(path: Path) -> Iterator[Any]:
    """An open HDF5 file; MaplessError where it is none, or breaks off."""
    import h5py
    import hdf5plugin  # noqa: F401 - lets HDF5 read what Blosc and others compressed

    try:
        with h5py.File(path) as file:
            yield file
    except OSError as problem:
        raise MaplessError(f"{path} is not an HDF5 file, or not complete: {problem}") from None


def write_hdf5(path: Path, parts: Iterable[Mapping[str, NDArray[Any]]]) -> None:
    """Write arrays of events, part behind part; the file appears when it is complete.

    Names may have groups, as in "df/block0_values". Raises MaplessError if there are no events.
    """
    import h5py

    partial = path.with_name(path.name + ".partial")
    try:
        with h5py.File(partial, "w") as file:
            for arrays in parts:
                for name, values in arrays.items():
                    if len(values):
                        _append(file, name, values)
            written = len(file)
        if not written:
            raise MaplessError(f"no events to write to {path}")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _append(file: Any, name: str, values: NDArray[Any]) -> None:
    if name not in file:
        file.create_dataset(
            name, data=values, maxshape=(None, *values.shape[1:]), chunks=True, compression="gzip"
        )
        return
    stored = file[name]
    stored.resize(len(stored) + len(values), axis=0)
    stored[-len(values) :] = values


def slices(n_events: int, at_once: int = EVENTS_AT_ONCE) -> Iterator[slice]:
    """Parts of so many events at most.

    >>> list(slices(5, 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    for start in range(0, n_events, at_once):
        yield slice(start, min(start + at_once, n_events))


def hardest_first(pt: NDArray[Any]) -> NDArray[np.intp]:
    """Order of the jets of each event, (n_events, n_jets); a jet that is not there has no momentum."""
    return np.argsort(-pt, axis=1, kind="stable")


def jets(columns: Mapping[str, NDArray[Any]], order: NDArray[np.intp]) -> Columns:
    """Flat columns `jet_*` of rectangular ones (n_events, n_jets), in an order; jets without momentum go.

    Raises MaplessError for momenta that are NaN or below zero.

    >>> some = {"pt": np.array([[0.0, 5.0], [3.0, 4.0]])}
    >>> jets(some, hardest_first(some["pt"]))["jet_pt"].tolist()
    [5.0, 4.0, 3.0]
    """
    check_momenta(columns["pt"])
    sorted_columns = {name: np.take_along_axis(values, order, axis=1) for name, values in columns.items()}
    there = sorted_columns["pt"] > 0
    counts = {"n_jet": np.count_nonzero(there, axis=1)}
    return counts | {f"jet_{name}": values[there] for name, values in sorted_columns.items()}


def invariant_mass(
    pt: NDArray[Any], eta: NDArray[Any], phi: NDArray[Any], mass: NDArray[Any]
) -> NDArray[Any]:
    """Mass of the sum of all jets of each event, (n_events, n_jets) each."""
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    energy = np.sqrt(px**2 + py**2 + pz**2 + mass**2)
    square = energy.sum(axis=1) ** 2 - sum(part.sum(axis=1) ** 2 for part in (px, py, pz))
    return np.sqrt(np.maximum(square, 0))
