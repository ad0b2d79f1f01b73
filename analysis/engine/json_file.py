"""JSON on disk: appears complete or not at all, and holds no number that JSON does not know."""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


def write_json(file: Path, content: Any) -> None:
    """Write JSON beside the file and rename it; numbers that are not finite, unknown to JSON, become null.

    Raises TypeError for what is neither JSON's nor numpy's nor a path.
    """
    beside = file.with_name(f".{file.name}.partial-{os.getpid()}")
    beside.write_text(json.dumps(_plain(content), indent=2, allow_nan=False) + "\n")
    beside.replace(file)


def read_json(file: Path) -> Any:
    """The content of a JSON file."""
    return json.loads(file.read_text())


def _plain(content: Any) -> Any:
    """The same in JSON's types, with None in place of infinities and NaN, at any depth."""
    if isinstance(content, Mapping):
        return {str(key): _plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(value) for value in content]
    if isinstance(content, np.ndarray | np.generic):
        return _plain(content.tolist())
    if isinstance(content, Path):
        return str(content)
    return None if isinstance(content, float) and not math.isfinite(content) else content
