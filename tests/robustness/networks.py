"""Weights, saved trigger models and their events: broken, of another network, or merely stored otherwise."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.robustness.case import Case, Random, Right
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

WRONG_JSON: Mapping[str, Any] = {
    "a list": [1],
    "empty": {},
    "a name of a number": {"name": 3},
    "a name with a path": {"name": "../x"},
    "a name of Python": {"name": "class"},
    "an input shape of words": {"input_shape": ["many"]},
    "another input shape": {"input_shape": [56]},
    "an input shape of nothing": {"input_shape": None},
    "a negative input shape": {"input_shape": [-57]},
    "no scaling": {"scaling": None},
    "a scaling of words": {"scaling": {"offset": "many", "shift": "few"}},
    "a step of nothing": {"momentum_step": None},
    "a step of NaN": {"momentum_step": float("nan")},
    "a negative step": {"momentum_step": -1},
}

EVENTS: Mapping[str, Any] = {
    "floats": np.ones((10, 57)),
    "another width": np.ones((10, 56), int),
    "one dimension": np.ones(57, int),
    "three dimensions": np.ones((10, 57, 1), int),
    "none": np.ones((0, 57), int),
    "words": np.array([["a"] * 57]),
    "objects": np.array([{}], dtype=object),
    "true and false": np.ones((10, 57), bool),
    "beyond 32 bits": np.full((10, 57), 2**40),
}


def cases() -> list[Case]:
    """All of them."""
    return [*_weights(), *_models(), *_events()]


def _case(name: str, make: Callable[..., list[str]], right: Right | None = None) -> Case:
    return Case(name, make, right, kind="networks")


def _weights() -> list[Case]:
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
            _case(f"weights, {name}", partial(_arrays, arrays), _same_weights)
            for name, arrays in RIGHT_ARRAYS.items()
        ),
        *(_case(f"weights, {name}", partial(_arrays, arrays)) for name, arrays in WRONG_ARRAYS.items()),
        *(
            _case(f"weights of bytes, {name}", partial(_weight_bytes, whole, damage), _same_weights)
            for name, damage in damages.items()
        ),
        *(
            _case(f"weights, version {version!r}", partial(_version, version))
            for version in ("", "axol1tl_v9", "cicada_v1", "axol1tl_v3", "axol1tl_v5")
        ),
    ]


def _models() -> list[Case]:
    """Folders of trigger models that are not what `import` wrote."""
    damages = {**WHOLE, "half": truncated(0.5)}
    return [
        *(
            _case(f"model, {part} {name}", partial(_damaged_model, part, damage))
            for part in ("trigger_model.json", "network.keras")
            for name, damage in damages.items()
            if (part, name) != ("trigger_model.json", "shifted")
        ),
        *(
            _case(f"model without {part}", partial(_model_without, part))
            for part in ("trigger_model.json", "network.keras")
        ),
        *(_case(f"model, {name}", partial(_model_with, content)) for name, content in WRONG_JSON.items()),
        *(
            _case(f"model, network without {part}", partial(_network_without, part))
            for part in ("config.json", "model.weights.h5", "metadata.json")
        ),
        _case("model, a file", lambda folder, random: _verb(folder, "a.npy")),
        _case("model, nothing", lambda folder, random: _verb(folder, "nothing")),
    ]


def _events() -> list[Case]:
    damages = {**WHOLE, "half": truncated(0.5)}
    buffer = io.BytesIO()
    np.save(buffer, np.ones((20, 57), int))
    whole = buffer.getvalue()
    suffixes = ("npy", "h5", "parquet", "root")
    return [
        *(_case(f"trigger events, {name}", partial(_saved_events, array)) for name, array in EVENTS.items()),
        *(
            _case(f"trigger events, {name} as {suffix}", partial(_event_bytes, whole, damage, suffix))
            for suffix in suffixes
            for name, damage in damages.items()
        ),
        *(
            _case(f"trigger events, shape {shape} as h5", partial(_hdf5, shape))
            for shape in ((5, 56), (57,), (5, 19, 2), (0, 57), (5, 57, 1))
        ),
        _case("trigger events, unknown suffix", partial(_event_bytes, whole, lambda c, random: c, "xyz")),
    ]


def _arrays(arrays: Arrays, folder: Path, random: Random) -> list[str]:
    np.savez(folder / "weights.npz", **arrays)
    return ["trigger", "import", "axol1tl_v4", "weights.npz", "--output", "model"]


def _weight_bytes(whole: bytes, damage: Damage, folder: Path, random: Random) -> list[str]:
    (folder / "weights.npz").write_bytes(damage(whole, random))
    return ["trigger", "import", "axol1tl_v4", "weights.npz", "--output", "model"]


def _version(version: str, folder: Path, random: Random) -> list[str]:
    _arrays(HEALTHY, folder, random)
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


class _Template:
    """A model that was imported once, to be copied and damaged."""

    files: dict[str, bytes] | None = None

    @classmethod
    def write(cls, folder: Path) -> None:
        if cls.files is None:
            cls.files = _imported()
        folder.mkdir()
        for name, content in cls.files.items():
            (folder / name).write_bytes(content)


def _imported() -> dict[str, bytes]:
    import subprocess
    import sys
    import tempfile

    from tests.robustness.warm import REPOSITORY

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        arguments = _arrays(HEALTHY, folder, np.random.default_rng(1))
        command = [sys.executable, str(REPOSITORY / "run_analysis.py"), *arguments]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        return {file.name: file.read_bytes() for file in (folder / "model").iterdir()}


def _verb(folder: Path, model: str = "model") -> list[str]:
    if not (folder / "a.npy").exists():
        np.save(folder / "a.npy", np.ones((20, 57), int))
    return ["trigger", "build", model, "--events", "a.npy", "--output", "firmware"]


def _damaged_model(part: str, damage: Damage, folder: Path, random: Random) -> list[str]:
    _Template.write(folder / "model")
    file = folder / "model" / part
    file.write_bytes(damage(file.read_bytes(), random))
    return _verb(folder)


def _model_without(part: str, folder: Path, random: Random) -> list[str]:
    _Template.write(folder / "model")
    (folder / "model" / part).unlink()
    return _verb(folder)


def _model_with(content: Any, folder: Path, random: Random) -> list[str]:
    _Template.write(folder / "model")
    file = folder / "model" / "trigger_model.json"
    changed = json.loads(file.read_text()) | content if isinstance(content, dict) and content else content
    file.write_text(json.dumps(changed))
    return _verb(folder)


def _network_without(part: str, folder: Path, random: Random) -> list[str]:
    _Template.write(folder / "model")
    file = folder / "model" / "network.keras"
    with zipfile.ZipFile(file) as archive:
        kept = {name: archive.read(name) for name in archive.namelist() if name != part}
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in kept.items():
            archive.writestr(name, content)
    return _verb(folder)


def _saved_events(array: Any, folder: Path, random: Random) -> list[str]:
    _Template.write(folder / "model")
    np.save(folder / "a.npy", array, allow_pickle=True)
    return _verb(folder)


def _event_bytes(whole: bytes, damage: Damage, suffix: str, folder: Path, random: Random) -> list[str]:
    _Template.write(folder / "model")
    (folder / f"a.{suffix}").write_bytes(damage(whole, random))
    return ["trigger", "build", "model", "--events", f"a.{suffix}", "--output", "firmware"]


def _hdf5(shape: tuple[int, ...], folder: Path, random: Random) -> list[str]:
    _Template.write(folder / "model")
    with h5py.File(folder / "a.h5", "w") as file:
        file["L1"] = np.ones(shape, np.int32)
    return ["trigger", "build", "model", "--events", "a.h5", "--output", "firmware"]
