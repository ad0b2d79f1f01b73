"""What an output holds: its stages as their manifests tell, those at work, and the run that writes now."""

import fcntl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.engine.manifest import MANIFEST, read_manifest
from analysis.engine.output_folder import MARKER
from errors import MaplessError


@dataclass(frozen=True)
class StoredStage:
    """One folder of an output's stages; `manifest` is empty for what is half-written or none of ours."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def at_work(self) -> bool:
        """Whether a run fills this folder, or has died in it."""
        return ".partial-" in self.folder.name

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())


def stored_stages(output: Path) -> list[StoredStage]:
    """All stages of an output, in the order in which they were written.

    Raises MaplessError for a folder that is no output of ours.
    """
    if not (output / MARKER).is_file():
        raise MaplessError(
            f"{output} is no folder of results of Mapless; name one, such as results/cms-dijet"
        )
    folders = [folder for folder in (output / "stages").glob("*") if folder.is_dir()]
    found = [StoredStage(folder, _manifest(folder)) for folder in folders]
    return sorted(found, key=lambda stage: stage.folder.stat().st_mtime)


def needed_by(wanted: Iterable[str], stages: Iterable[StoredStage]) -> set[str]:
    """Keys of the stages that are wanted, and of all that they were made from."""
    after = {stage.manifest["key"]: stage.manifest["after"].values() for stage in stages if stage.manifest}
    found: set[str] = set()
    waiting = [*wanted]
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += after.get(key, ())
    return found


def running(output: Path) -> str | None:
    """The process that writes into an output now, None if there is none."""
    with (output / MARKER).open() as marker:
        try:
            fcntl.flock(marker, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return marker.read(1000).strip()
        except OSError:  # a file system without locks
            return None
    return None


def _manifest(folder: Path) -> Mapping[str, Any]:
    if ".partial-" in folder.name or not (folder / MANIFEST).is_file():
        return {}
    try:
        manifest = read_manifest(folder)
    except ValueError:
        return {}
    complete = (
        isinstance(manifest, dict) and {"stage", "key", "after", "seconds", "command"} <= manifest.keys()
    )
    return manifest if complete else {}
