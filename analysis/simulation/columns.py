"""Columns of simulated events in memory and on disk, until they become one file."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]


def save_columns(path: Path, events: Columns) -> None:
    """Write columns so that what has its final name is complete."""
    partial = path.with_name(f"{path.stem}.{os.getpid()}.partial.npz")
    np.savez(partial, **events)  # type: ignore[arg-type]
    partial.replace(path)


def load_columns(path: Path) -> Columns:
    """Read columns written by `save_columns`."""
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}
