"""Weights to import: broken, of another network, or merely stored otherwise."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.robustness.case import Case, Random, network_case
from tests.robustness.damage import WHOLE, Damage, flipped, overwritten, truncated

SHAPES = ((57, 28), (28, 15), (15, 8))
Arrays = dict[str, Any]


def healthy() -> Arrays:
    """Weights of AXOL1TL version 4, on the grid of its types."""
    random = np.random.default_rng(5)
    arrays: Arrays = {
        "ad_offsets": random.integers(0, 80, 57).astype(float),
        "ad_shift": random.integers(4, 8, 57).astype(float),
    }
    for number, shape in zip((2, 4, 6), SHAPES, strict=True):
        arrays[f"w{number}"] = np.round(random.normal(0, 0.35, shape) * 8) / 8
        arrays[f"b{number}"] = np.round(random.normal(0, 0.35, shape[1]) * 8) / 8
    return arrays


HEALTHY = healthy()

RIGHT_ARRAYS: Mapping[str, Arrays] = {
    "plain": HEALTHY,
    "single precision": {name: values.astype("f4") for name, values in HEALTHY.items()},
    "other order in memory": {name: np.asfortranarray(values) for name, values in HEALTHY.items()},
    "other byte order": {name: values.astype(">f8") for name, values in HEALTHY.items()},
    "flat": {name: values.ravel() for name, values in HEALTHY.items()},
}


def _with(name: str, change: Callable[[Any], Any]) -> Arrays:
    return {**HEALTHY, name: change(HEALTHY[name].copy())}


def _entry(value: float) -> Callable[[Any], Any]:
    def change(values: Any) -> Any:
        values.flat[3] = value
        return values

    return change


WRONG_ARRAYS: Mapping[str, Arrays] = {
    "none": {},
    **{f"without {name}": {k: v for k, v in HEALTHY.items() if k != name} for name in HEALTHY},
    **{f"{name} transposed": _with(name, np.transpose) for name in ("w2", "w4", "w6")},
    **{f"{name} cut": _with(name, lambda values: values[:-1]) for name in HEALTHY},
    **{f"{name} with NaN": _with(name, _entry(np.nan)) for name in HEALTHY},
    **{f"{name} infinite": _with(name, _entry(np.inf)) for name in HEALTHY},
    **{f"{name} huge": _with(name, _entry(99999.0)) for name in HEALTHY},
    "w2 between its values": _with("w2", _entry(0.33)),
    "w2 complex": _with("w2", lambda values: values + 0j),
    "w2 imaginary": _with("w2", lambda values: values * 1j),
    "w2 of words": _with("w2", lambda values: values.astype(str)),
    "w2 of objects": _with("w2", lambda values: values.astype(object)),
    "w2 of nothing": _with("w2", lambda values: values[:0]),
    "one layer more": {**HEALTHY, "w8": np.ones((8, 8)), "b8": np.ones(8)},
    "shift between integers": _with("ad_shift", _entry(4.5)),
}


def cases() -> list[Case]:
    """All of them."""
    buffer = io.BytesIO()
    np.savez(buffer, **HEALTHY)
    whole = buffer.getvalue()
    damages: dict[str, Damage] = {
        **WHOLE,
        **{f"first {part:.0%}": truncated(part) for part in (0.1, 0.5, 0.99)},
        **{f"flip {n}": flipped(0.01, 0.9) for n in range(4)},
        **{f"garbage {n}": overwritten(0, 0.9, 40) for n in range(4)},
    }
    one = io.BytesIO()
    np.save(one, HEALTHY["w2"])
    damages["an array alone"] = lambda content, random: one.getvalue()
    return [
        *(
            network_case(f"weights, {name}", partial(import_of, arrays), _same_weights)
            for name, arrays in RIGHT_ARRAYS.items()
        ),
        *(
            network_case(f"weights, {name}", partial(import_of, arrays))
            for name, arrays in WRONG_ARRAYS.items()
        ),
        *(
            network_case(f"weights of bytes, {name}", partial(_weight_bytes, whole, damage), _same_weights)
            for name, damage in damages.items()
        ),
        *(
            network_case(f"weights, version {version!r}", partial(_version, version))
            for version in ("", "axol1tl_v9", "cicada_v1", "axol1tl_v3", "axol1tl_v5")
        ),
    ]


def import_of(arrays: Arrays, folder: Path, random: Random) -> list[str]:
    np.savez(folder / "weights.npz", **arrays)
    return ["trigger", "import", "axol1tl_v4", "weights.npz", "--output", "model"]


def _weight_bytes(whole: bytes, damage: Damage, folder: Path, random: Random) -> list[str]:
    (folder / "weights.npz").write_bytes(damage(whole, random))
    return ["trigger", "import", "axol1tl_v4", "weights.npz", "--output", "model"]


def _version(version: str, folder: Path, random: Random) -> list[str]:
    import_of(HEALTHY, folder, random)
    return ["trigger", "import", version, "weights.npz", "--output", "model"]


def _same_weights(folder: Path) -> None:
    """The saved network holds the arrays, as h5py reads them."""
    with zipfile.ZipFile(folder / "model" / "network.keras") as archive:
        weights = h5py.File(io.BytesIO(archive.read("model.weights.h5")))
    stored: list[np.ndarray] = []
    weights.visititems(lambda name, item: stored.append(item[:]) if isinstance(item, h5py.Dataset) else None)
    scaling = json.loads((folder / "model" / "trigger_model.json").read_text())["scaling"]
    stored += [np.asarray(values) for values in scaling.values()]
    for name, values in HEALTHY.items():
        found = [array for array in stored if array.size == values.size]
        assert any(np.array_equal(array.ravel(), values.ravel()) for array in found), name
