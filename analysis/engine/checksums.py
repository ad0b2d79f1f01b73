"""Checksums of files: over every byte, and taken once of a large file that stays as it is."""

import hashlib
import json
import os
import time
from functools import cache
from pathlib import Path

from errors import MaplessError
from user_cache import cache_directory

REMEMBERED_FROM = 2**20
"""Bytes from which a checksum is kept for later runs; smaller files take no time."""

_SETTLED = 2e9  # ns after which another change would be seen in the time of the file


def checksum(file: Path) -> str:
    """Return the SHA-256 of a file.

    That of a large file is remembered in the user's cache as long as its size, times and inode stay: the time
    of the last change of an inode is set by the kernel alone.
    """
    state = file.stat()
    return _checksum(file.resolve(), state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)


@cache
def _checksum(file: Path, *state: int) -> str:
    if state[0] < REMEMBERED_FROM:
        return _computed(file)
    try:
        known = cache_directory() / "checksums" / hashlib.sha256(os.fsencode(file)).hexdigest()
    except MaplessError:  # nowhere to remember it
        return _computed(file)
    remembered = _remembered(known)
    if remembered.get("state") == list(state):
        return str(remembered["checksum"])
    found = _computed(file)
    if time.time_ns() - max(state[1:3]) > _SETTLED:
        _remember(known, {"file": str(file), "state": state, "checksum": found})
    return found


def _computed(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _remembered(known: Path) -> dict[str, object]:
    try:
        content = json.loads(known.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _remember(known: Path, content: dict[str, object]) -> None:
    beside = known.with_name(f"{known.name}.{os.getpid()}")
    try:
        known.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(content))
        beside.replace(known)
    except OSError:  # a cache that cannot be written costs time, not results
        beside.unlink(missing_ok=True)
