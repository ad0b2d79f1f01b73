"""Array files of anyone's making (npz, HDF5), whose columns are named by their user."""

import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from errors import MaplessError
from selections.canonical_writer import Columns
from selections.conversion.checks import check_dataset
from selections.conversion.parts import hardest_first, jets, open_hdf5, slices


def _is_column(name: str) -> str:
    if not (name.isascii() and name.isidentifier()):
        raise ValueError(f"{name!r} cannot be the name of a column; take letters, digits and _ only")
    if name in COUNTS:
        raise ValueError(f"{name} is counted; jets without momentum are not there")
    return name


def _is_named(source: str | tuple[str, ...]) -> str | tuple[str, ...]:
    if not source:
        raise ValueError("name at least one array")
    return source


COUNTS = ("n_jet", "n_constituent")
ColumnName = Annotated[str, AfterValidator(_is_column)]


class ColumnNames(BaseModel):
    """Canonical columns by the names that the arrays have.

    A column of jets, such as `jet_pt`, takes one array (n_events, n_jets) or a list of arrays (n_events,);
    jets without momentum are not there. `factors` turn units into ours, such as {mjj: 1000} for TeV.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[ColumnName, Annotated[str | tuple[str, ...], AfterValidator(_is_named)]] = Field(
        min_length=1
    )
    factors: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = {}


def read(path: Path, names: ColumnNames) -> Iterator[Columns]:
    """Canonical columns; events without a number get their row.

    Raises MaplessError for a file that cannot be read, an array that it lacks, or one of another length.
    """
    unknown = sorted(names.factors.keys() - names.columns.keys())
    if unknown:
        raise MaplessError(
            f"factors.{unknown[0]}: no column has this name; there are {', '.join(names.columns)}"
        )
    with _arrays(path) as arrays:
        wanted = [name for source in names.columns.values() for name in _as_list(source)]
        missing = [name for name in wanted if name not in arrays]
        if missing:
            raise MaplessError(f"{path} has no array {missing[0]!r}; it has {', '.join(arrays)}")
        for source in names.columns.values():
            highest = 2 if len(_as_list(source)) == 1 else 1
            for name in _as_list(source):
                check_dataset(arrays, name, n_columns=None)
                if len(arrays[name].shape) > highest:
                    raise MaplessError(
                        f"{path}: {name} has the shape {arrays[name].shape}; of one number an event it has "
                        "one dimension, of one for each jet two"
                    )
        lengths = {name: len(arrays[name]) for name in wanted}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} {length:,}" for name, length in lengths.items())
            raise MaplessError(f"{path}: arrays of different lengths: {told}")
        for part in slices(lengths[wanted[0]]):
            yield _part(arrays, names, part)


def _part(arrays: Mapping[str, Any], names: ColumnNames, part: slice) -> Columns:
    rows = np.arange(part.start, part.stop)
    columns: Columns = {"event": rows, "weight": np.ones(len(rows))}
    of_jets = {}
    for name, source in names.columns.items():
        values = np.stack([np.asarray(arrays[one][part]) for one in _as_list(source)], axis=-1)
        values = values.reshape(len(rows), -1)
        if name in names.factors:
            values = values * names.factors[name]
        if name.startswith("jet_"):
            of_jets[name.removeprefix("jet_")] = values
        elif values.shape[1] == 1:
            columns[name] = values[:, 0]
        else:
            raise MaplessError(f"columns.{name}: an event has one value, not {values.shape[1]}")
    return columns | _jets(of_jets)


def _jets(of_jets: dict[str, NDArray[Any]]) -> Columns:
    if not of_jets:
        return {}
    if "pt" not in of_jets:
        raise MaplessError("columns: jets need jet_pt, which tells how many there are")
    shapes = {name: values.shape for name, values in of_jets.items()}
    if len(set(shapes.values())) > 1:
        raise MaplessError(f"columns: jets of different numbers: {shapes}")
    return jets(of_jets, hardest_first(of_jets["pt"]))


def _as_list(source: str | Sequence[str]) -> Sequence[str]:
    return [source] if isinstance(source, str) else source


@contextmanager
def _arrays(path: Path) -> Iterator[Mapping[str, Any]]:
    if path.suffix != ".npz":
        with open_hdf5(path) as file:
            yield file
        return
    try:
        stored = np.load(path, allow_pickle=False)
        with stored:
            arrays = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as problem:
        raise MaplessError(f"{path} cannot be read as arrays: {problem}") from None
    yield arrays
