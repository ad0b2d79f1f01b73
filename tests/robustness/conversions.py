"""Files for `convert`: damaged HDF5 and arrays, and arrays of the wrong kind."""

import io
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.robustness.case import Case, Random
from tests.robustness.damage import WHOLE, Damage, flipped, overwritten, truncated

ARRAYS = {
    "six columns of words": np.full((5, 6), "x"),
    "six columns of objects": np.full((5, 6), None),
    "five columns": np.ones((5, 5)),
    "one dimension": np.ones(6),
    "no events": np.ones((0, 6)),
    "complex": np.ones((5, 6), complex),
    "NaN": np.full((5, 6), np.nan),
    "a number": np.array(3.0),
}


def cases() -> list[Case]:
    """All of them."""
    damages = {
        **WHOLE,
        **{f"first {part:.0%}": truncated(part) for part in (0.1, 0.5, 0.9)},
        "garbage": overwritten(0, 0.02, 40),
        "flips": flipped(0, 0.02, 20),
    }
    return [
        *(
            Case(f"conversion of bytes, {name} as {suffix}", partial(_damaged, suffix, damage))
            for suffix in ("h5", "npy", "npz", "root")
            for name, damage in damages.items()
        ),
        *(Case(f"conversion, {name}", partial(_array, array)) for name, array in ARRAYS.items()),
        *(
            Case(f"conversion, to {name!r}", partial(_output, name))
            for name in ("x.txt", "", ".", "a.npy", "/proc/x.root")
        ),
    ]


def _damaged(suffix: str, damage: Damage, folder: Path, random: Random) -> list[str]:
    buffer = io.BytesIO()
    if suffix == "h5":
        with h5py.File(buffer, "w") as file:
            file["jet_kinematics"] = np.ones((5, 14))
    else:
        np.save(buffer, np.ones((5, 5)))
    (folder / f"a.{suffix}").write_bytes(damage(buffer.getvalue(), random))
    return ["convert", f"a.{suffix}", "--output", "b.root"]


def _array(array: Any, folder: Path, random: Random) -> list[str]:
    np.save(folder / "a.npy", array, allow_pickle=True)
    return ["convert", "a.npy", "--output", "b.root"]


def _output(name: str, folder: Path, random: Random) -> list[str]:
    np.save(folder / "a.npy", np.ones((5, 6)))
    return ["convert", "a.npy", "--output", name]
