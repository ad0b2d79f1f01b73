"""JSON on disk: appears complete or not at all, and holds no number that JSON does not know."""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_json(file: Path, content: Any) -> None:
    """Write JSON beside the file and rename it; numbers that are not finite, unknown to JSON, become null."""
    beside = file.with_name(f".{file.name}.partial-{os.getpid()}")
    beside.write_text(json.dumps(_finite(content), indent=2, default=str, allow_nan=False) + "\n")
    beside.replace(file)


def read_json(file: Path) -> Any:
    """The content of a JSON file."""
    return json.loads(file.read_text())


def _finite(content: Any) -> Any:
    """The same with None in place of infinities and NaN, at any depth."""
    if isinstance(content, Mapping):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
