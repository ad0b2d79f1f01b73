"""Saved trigger models and events for them: broken, incomplete, or of another network."""

import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.robustness.case import Case, Random, network_case
from tests.robustness.damage import WHOLE, Damage, truncated
from tests.robustness.warm import REPOSITORY
from tests.robustness.weights import HEALTHY, import_of

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
    return [*_models(), *_events()]


def _models() -> list[Case]:
    """Folders of trigger models that are not what `import` wrote."""
    damages = {**WHOLE, "half": truncated(0.5)}
    return [
        *(
            network_case(f"model, {part} {name}", partial(_damaged_model, part, damage))
            for part in ("trigger_model.json", "network.keras")
            for name, damage in damages.items()
            if (part, name) != ("trigger_model.json", "shifted")
        ),
        *(
            network_case(f"model without {part}", partial(_model_without, part))
            for part in ("trigger_model.json", "network.keras")
        ),
        *(
            network_case(f"model, {name}", partial(_model_with, content))
            for name, content in WRONG_JSON.items()
        ),
        *(
            network_case(f"model, network without {part}", partial(_network_without, part))
            for part in ("config.json", "model.weights.h5", "metadata.json")
        ),
        network_case("model, a file", lambda folder, random: _verb(folder, "a.npy")),
        network_case("model, nothing", lambda folder, random: _verb(folder, "nothing")),
    ]


def _events() -> list[Case]:
    damages = {**WHOLE, "half": truncated(0.5)}
    buffer = io.BytesIO()
    np.save(buffer, np.ones((20, 57), int))
    whole = buffer.getvalue()
    suffixes = ("npy", "h5", "parquet", "root")
    return [
        *(
            network_case(f"trigger events, {name}", partial(_saved_events, array))
            for name, array in EVENTS.items()
        ),
        *(
            network_case(f"trigger events, {name} as {suffix}", partial(_event_bytes, whole, damage, suffix))
            for suffix in suffixes
            for name, damage in damages.items()
        ),
        *(
            network_case(f"trigger events, shape {shape} as h5", partial(_hdf5, shape))
            for shape in ((5, 56), (57,), (5, 19, 2), (0, 57), (5, 57, 1))
        ),
        network_case(
            "trigger events, unknown suffix", partial(_event_bytes, whole, lambda c, random: c, "xyz")
        ),
    ]


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
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        arguments = import_of(HEALTHY, folder, np.random.default_rng(1))
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
