"""What a task is given: its folder, those of earlier stages, its arguments, and tools that decide nothing.

Tasks import this module and not the engine, so that another way to run them keeps what they have made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def no_progress(done: int, total: int) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class Tools:
    """What a task may use that does not decide its products: `progress(done, total)` and some threads."""

    progress: Callable[[int, int], None] = no_progress
    threads: int = 1


@dataclass(frozen=True)
class Job:
    """One stage at work: the folder that it fills, those of earlier stages by name, and its arguments."""

    folder: Path
    after: Mapping[str, Path]
    arguments: Mapping[str, Any]
