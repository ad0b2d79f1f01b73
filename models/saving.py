"""Folders that appear complete or not at all, and the settings of detectors and cuts in them."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from errors import MaplessError
from models.window import Window

_SETTINGS = "settings.json"


@contextmanager
def write_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path` that takes its name when all is written, else vanishes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield folder
        if path.exists():
            shutil.rmtree(path)
        folder.rename(path)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def write_settings(folder: Path, made: Any) -> None:
    """Write the settings of a dataclass: its arguments that are compared, as JSON."""
    settings = {part.name: getattr(made, part.name) for part in fields(made) if part.init and part.compare}
    if "window" in settings:
        settings["window"] = asdict(settings["window"])
    (folder / _SETTINGS).write_text(json.dumps(settings, indent=1))


def read_settings(folder: Path) -> dict[str, Any]:
    """Read the arguments that `write_settings` wrote; MaplessError if there are none."""
    if not (folder / _SETTINGS).is_file():
        raise MaplessError(f"{folder} holds no trained detector or cut; train one and save it there")
    settings = json.loads((folder / _SETTINGS).read_text())
    if "window" in settings:
        settings["window"] = Window(**settings["window"])
    return settings
