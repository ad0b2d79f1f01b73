"""Cached, atomic, resumable stages: each writes one folder named by what decides its content."""

import hashlib
import json
import math
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from analysis import provenance

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Stage:
    """One step of a search: `run(folder)` writes its products; all else decides when it must run again.

    `settings` are JSON-able, `inputs` the files it reads, `sources` the source files and folders it runs,
    `after` the stages whose products it reads.
    """

    name: str
    run: Callable[[Path], None]
    settings: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[Path, ...] = ()
    sources: tuple[str, ...] = ()
    after: tuple["Stage", ...] = ()

    @cached_property
    def key(self) -> str:
        """Return the SHA-256 over settings, inputs, sources and earlier stages."""
        content = {
            "name": self.name,
            "settings": self.settings,
            "inputs": [_fingerprint(file) for file in self.inputs],
            "sources": [provenance.source_checksum(source) for source in self.sources],
            "after": [stage.key for stage in self.after],
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()

    def folder(self, output: Path) -> Path:
        """Return where the products of this stage lie below `output`."""
        return output / "stages" / f"{self.name}-{self.key[:12]}"

    def is_done(self, output: Path) -> bool:
        """Tell whether the products are complete."""
        return (self.folder(output) / MANIFEST).is_file()


def run_stage(stage: Stage, output: Path, *, fresh: bool = False) -> Path:
    """Run a stage unless its products exist, and return its folder.

    Products are written beside and renamed together with their manifest, so an interrupted stage leaves
    nothing that looks complete.
    """
    folder = stage.folder(output)
    if stage.is_done(output) and not fresh:
        return folder
    partial = folder.with_name(f"{folder.name}.partial-{os.getpid()}")
    partial.mkdir(parents=True)
    try:
        start = time.perf_counter()
        stage.run(partial)
        _write_manifest(stage, partial, time.perf_counter() - start)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a finished stage."""
    return json.loads((folder / MANIFEST).read_text())


def write_json(file: Path, content: Any) -> None:
    """Write JSON beside the file and rename it; numbers that are not finite, unknown to JSON, become null."""
    beside = file.with_name(f".{file.name}.partial-{os.getpid()}")
    beside.write_text(json.dumps(_finite(content), indent=2, default=str, allow_nan=False) + "\n")
    beside.replace(file)


def _finite(content: Any) -> Any:
    """The same with None in place of infinities and NaN, at any depth."""
    if isinstance(content, Mapping):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def _write_manifest(stage: Stage, folder: Path, seconds: float) -> None:
    products = sorted(file for file in folder.rglob("*") if file.is_file())
    content = {
        "stage": stage.name,
        "key": stage.key,
        "settings": dict(stage.settings),
        "inputs": {str(file): _fingerprint(file) for file in stage.inputs},
        "after": {earlier.name: earlier.key for earlier in stage.after},
        "products": {str(file.relative_to(folder)): provenance.checksum(file) for file in products},
        "seconds": round(seconds, 2),
        "peak_memory_gb": round(provenance.peak_memory(), 2),
        **provenance.environment(),
    }
    write_json(folder / MANIFEST, content)


def _fingerprint(file: Path) -> str:
    """Return the checksum, or the word for a file that the selection will name as lost."""
    return provenance.checksum(file) if file.is_file() else "unreadable"
