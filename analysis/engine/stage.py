"""Stages: steps of a search as data, each with a key over all that decides its products."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from analysis.engine.checksums import checksum
from analysis.engine.code_key import code_key
from analysis.engine.manifest import is_complete


@dataclass(frozen=True, eq=False)
class Stage:
    """One step of a search, which fills a folder named by what decides its content.

    `task` is a function of a module, so that a stage can be sent to another process: it is called as
    `task(job, tools)`. Its `arguments` are plain data: numbers, text, dataclasses, settings, and paths of
    input files and folders, which count by their content. `code` names modules that it runs beside those that
    its own imports, such as that of a detector. `after` are the stages whose products it reads, by the names
    under which the task finds them. Stages of the same `batch` run in one call, `task(jobs, tools)`, such as
    the regions of one event loop. A `note` tells apart stages of one name where they are listed, such as
    those of a closure test; it is no part of the key.
    """

    name: str
    task: Callable[..., None]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, "Stage"] = field(default_factory=dict)
    code: tuple[str, ...] = ()
    batch: str | None = None
    note: str = ""

    @property
    def title(self) -> str:
        """Name and note."""
        return f"{self.name} ({self.note})" if self.note else self.name

    @cached_property
    def key(self) -> str:
        """SHA-256 over name, code, arguments, input files and earlier stages.

        Raises TypeError for a task that is not a function of a module, and for arguments that are not plain.
        """
        if "<" in self.task.__qualname__:
            raise TypeError(f"stage {self.name}: {self.task.__qualname__} is not a function of a module")
        content = {
            "name": self.name,
            "task": f"{self.task.__module__}:{self.task.__qualname__}",
            "code": code_key(self.task.__module__, *self.code),
            "arguments": plain(self.arguments),
            "after": {name: stage.key for name, stage in self.after.items()},
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def folder(self, output: Path) -> Path:
        """Where the products of this stage lie below `output`."""
        return output / "stages" / f"{self.name}-{self.key[:12]}"

    def is_done(self, output: Path, *, thorough: bool = False) -> bool:
        """Tell whether the products are complete and what was written, `thorough`ly by their checksums."""
        return is_complete(self.folder(output), self.key, thorough=thorough)

    @property
    def input_files(self) -> tuple[Path, ...]:
        """Paths among the arguments, each once."""
        return tuple(dict.fromkeys(_paths(self.arguments)))


def in_order(stages: Sequence[Stage]) -> list[Stage]:
    """These stages and all that come before them, each once and behind what it needs."""
    found: dict[str, Stage] = {}

    def visit(stage: Stage) -> None:
        if stage.key in found:
            return
        for earlier in stage.after.values():
            visit(earlier)
        found[stage.key] = stage

    for stage in stages:
        visit(stage)
    return list(found.values())


def plain(content: Any) -> Any:
    """Arguments as JSON's types, files by their checksum; TypeError for what cannot be part of a key."""
    if content is None or isinstance(content, str | int | float | bool):
        return content
    if isinstance(content, Path):
        return fingerprint(content)
    if isinstance(content, np.ndarray | np.generic):
        return content.tolist()
    if isinstance(content, list | tuple):
        return [plain(value) for value in content]
    parts = _parts(content)
    if parts is None:
        raise TypeError(f"{type(content).__name__} cannot be part of the key of a stage")
    return {name: plain(value) for name, value in parts.items()}


def fingerprint(path: Path) -> str:
    """The checksum of a file, or of all below a folder, or the word for what a task will name as lost."""
    if path.is_file():
        return checksum(path)
    if not path.is_dir():
        return "unreadable"
    files = sorted(file for file in path.rglob("*") if file.is_file())
    content = {str(file.relative_to(path)): checksum(file) for file in files}
    return f"folder:{hashlib.sha256(json.dumps(content).encode()).hexdigest()}"


def _parts(content: Any) -> Mapping[str, Any] | None:
    """Parts of what has names for them: mappings, settings, dataclasses; None for all else."""
    if isinstance(content, Mapping):
        return {str(key): value for key, value in content.items()}
    kind = {"class": type(content).__qualname__}
    if isinstance(content, BaseModel):
        return kind | dict(content)
    if is_dataclass(content) and not isinstance(content, type):
        return kind | {one.name: getattr(content, one.name) for one in fields(content) if one.init}
    return None


def _paths(content: Any) -> Iterator[Path]:
    """All paths in arguments, at any depth."""
    if isinstance(content, Path):
        yield content
    parts = content if isinstance(content, list | tuple) else (_parts(content) or {}).values()
    for part in parts:
        yield from _paths(part)
