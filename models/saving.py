"""Folders that appear complete or not at all, and what trained detectors and cuts are stored as in them.

Settings are JSON and learnt numbers arrays; nothing that is loaded runs code, and what was not saved so is
refused.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.window import Window

FORMAT = 1
"""Of what is stored in a folder; another number is refused."""

_SETTINGS = "settings.json"
_CHECKSUMS = "checksums.json"


@contextmanager
def write_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path` that takes its name when all is written, else vanishes.

    Raises MaplessError for a folder of that name that was not written so.
    """
    if path.exists() and not (path / _CHECKSUMS).is_file() and any(path.iterdir()):
        raise MaplessError(f"{path} holds something else than a detector or cut; save to another folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    old = folder.with_name(f"{folder.name}.old")
    try:
        yield folder
        written = {"format": FORMAT, "sha256": _checksums(folder)}
        (folder / _CHECKSUMS).write_text(json.dumps(written, indent=1))
        if path.exists():
            path.rename(old)
        folder.rename(path)
    finally:
        for left in (folder, old):
            shutil.rmtree(left, ignore_errors=True)


def write_settings(folder: Path, made: Any) -> None:
    """Write the settings of a dataclass: its arguments that are compared, as JSON."""
    settings = {part.name: getattr(made, part.name) for part in fields(made) if part.init and part.compare}
    if settings.get("window"):
        settings["window"] = asdict(settings["window"])
    (folder / _SETTINGS).write_text(json.dumps(settings, indent=1))


@contextmanager
def saved_settings(folder: Path) -> Iterator[dict[str, Any]]:
    """Give the arguments that `write_settings` wrote, to load what belongs to them inside of the context.

    Raises MaplessError for a folder that holds nothing saved or where a file changed since, and for whatever
    turns out to be no detector or cut while it is loaded.
    """
    if not (folder / _CHECKSUMS).is_file():
        raise MaplessError(f"{folder} holds no trained detector or cut; train one and save it there")
    try:
        _check(folder)
        settings = json.loads((folder / _SETTINGS).read_text())
        if settings.get("window"):
            settings["window"] = Window(**settings["window"])
        yield settings
    except MaplessError:
        raise
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise MaplessError(f"{folder} is not what was saved there ({reason}); train it again") from error


def write_arrays(file: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays of numbers to an npz file."""
    named: dict[str, Any] = dict(arrays)
    np.savez_compressed(file, **named)


def read_arrays(file: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an npz file; ValueError for one that holds anything but finite numbers."""
    with np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    for name, values in arrays.items():
        if values.dtype.kind not in "buif" or not np.isfinite(values).all():
            raise ValueError(f"{name} does not hold finite numbers")
    return arrays


def stored_pins(pins: NDArray[Any]) -> NDArray[Any]:
    """The pins (2, n_pins) of a map that rises along its first row; ValueError for what are none."""
    if pins.ndim != 2 or len(pins) != 2 or not pins.size or (np.diff(pins[0]) <= 0).any():  # noqa: PLR2004
        raise ValueError("the pins of a map do not rise")
    return pins


def _check(folder: Path) -> None:
    """Raise ValueError unless the files of a folder are those that were saved, in this format."""
    saved = json.loads((folder / _CHECKSUMS).read_text())
    if saved["format"] != FORMAT:
        raise ValueError(f"it has format {saved['format']}, not {FORMAT}")
    found: Mapping[str, str] = _checksums(folder)
    for name in sorted({*found, *saved["sha256"]}):
        if found.get(name) != saved["sha256"].get(name):
            raise ValueError(f"{name} was {'changed' if name in found else 'lost'}")


def _checksums(folder: Path) -> dict[str, str]:
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and file.name != _CHECKSUMS]
    contents = {str(file.relative_to(folder)): file.read_bytes() for file in files}
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
