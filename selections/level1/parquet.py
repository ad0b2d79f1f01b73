"""Level-1 events in parquet with the names of CMS L1Ntuples, as published on Zenodo (record 21787779).

Either one file with columns such as `jets_jetIEt`, or a folder with one folder of files for each object, such
as `jets/` with columns such as `jetIEt`. The values are hardware integers.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections.level1.events import Level1Events
from selections.level1.hardware import COORDINATES, OBJECT_SLOTS

# Folder, and columns of pt, eta and phi
NAMES: dict[str, tuple[str, tuple[str | None, ...]]] = {
    "met": ("MET", ("Et", None, "phi")),
    "egamma": ("egammas", ("egIEt", "egIEta", "egIPhi")),
    "muon": ("muons", ("muonIEt", "muonIEta", "muonIPhi")),
    "jet": ("jets", ("jetIEt", "jetIEta", "jetIPhi")),
}
PILEUP = "event_info_nPV_True"


def read(path: Path, *, max_events: int | None = None) -> Level1Events:
    """Level-1 events of a parquet file or folder; columns L1_* are the bits of other triggers."""
    columns = read_columns(path)
    objects = [objects_of(path, columns, kind) for kind in OBJECT_SLOTS]
    vectors = {name: padded(values, 1)[:, 0] for name, values in columns.items() if "L1_" in name}
    pileup = columns.get(PILEUP)
    lengths = {len(array) for array in (*objects, *vectors.values())}
    if len(lengths) > 1:
        raise MaplessError(f"{path}: its columns have different numbers of events: {sorted(lengths)}")
    events = Level1Events.of(
        objects=np.concatenate(objects, axis=1),
        n_pileup=None if pileup is None else padded(pileup, 1)[:, 0],
        other_bits={name[name.index("L1_") :]: bits for name, bits in vectors.items()},
    )
    return events.select(slice(max_events))


def read_columns(path: Path) -> dict[str, Any]:
    """Arrow columns by name, `jets_jetIEt` and the like, of a file or of a folder of folders."""
    import pyarrow.parquet
    from pyarrow import ArrowException

    try:
        if path.is_file():
            return columns_of(pyarrow.parquet.read_table(path))
        folders = sorted(folder for folder in path.iterdir() if folder.is_dir())
        tables = {folder.name: pyarrow.parquet.read_table(folder) for folder in folders}
    except (ArrowException, OSError) as error:
        raise MaplessError(f"{path} cannot be read as parquet: {str(error).partition(chr(10))[0]}") from None
    return {
        f"{folder}_{name}": values
        for folder, table in tables.items()
        for name, values in columns_of(table).items()
    }


def columns_of(table: Any) -> dict[str, Any]:
    """The columns of an arrow table, each in one piece."""
    return {name: table[name].combine_chunks() for name in table.column_names}


def objects_of(path: Path, columns: dict[str, Any], kind: str) -> NDArray[np.int32]:
    """The inputs (n, 3 * slots) of the objects of one kind."""
    folder, names = NAMES[kind]
    found = {}
    for coordinate, name in zip(COORDINATES, names, strict=True):
        if name is None:
            continue
        if f"{folder}_{name}" not in columns:
            raise MaplessError(f"{path} has no column {folder}_{name}; {kind} needs it")
        found[coordinate] = padded(columns[f"{folder}_{name}"], OBJECT_SLOTS[kind])
    empty = np.zeros_like(found["pt"])
    inputs = [found.get(coordinate, empty) for coordinate in COORDINATES]
    return np.stack(inputs, axis=2).reshape(len(empty), -1).astype(np.int32)


def padded(column: Any, slots: int) -> NDArray[Any]:
    """The first values of every event (n, slots), and zeros; `column` holds numbers or lists of numbers."""
    if not hasattr(column, "offsets"):
        return column.to_numpy(zero_copy_only=False)[:, None]
    counts = np.diff(column.offsets.to_numpy())
    values = column.flatten().to_numpy(zero_copy_only=False)
    event = np.repeat(np.arange(len(counts)), counts)
    position = np.arange(len(values)) - (np.cumsum(counts) - counts)[event]
    kept = position < slots
    filled = np.zeros((len(counts), slots), values.dtype)
    filled[event[kept], position[kept]] = values[kept]
    return filled
