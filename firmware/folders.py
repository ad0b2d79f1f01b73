"""Folders that appear complete or not at all, and of which nothing is removed that Mapless did not write."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from errors import MaplessError

MARKER = ".mapless"
"""File in a folder of ours that lists, line by line, what Mapless wrote there."""


@contextmanager
def complete_folder(folder: Path) -> Iterator[Path]:
    """Give a hidden folder beside `folder` to write to; it replaces `folder` when the block ends well.

    Raises:
        MaplessError: `folder` holds something that Mapless did not write, or cannot be made.
    """
    folder = Path(folder).resolve()
    require_ours(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise MaplessError(f"cannot write to {folder} ({error.strerror}); name another folder") from None
    partial.chmod(0o755)
    try:
        yield partial
        _mark(partial, _files(partial))
        require_ours(folder)
        _replace(folder, partial)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def require_ours(folder: Path) -> None:
    """Make sure that a folder may be replaced: there is none, it is empty, or all in it is ours.

    Raises:
        MaplessError: names what is not.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise MaplessError(f"{folder} is a file; name a folder")
    foreign = sorted(_files(folder) - _marked(folder))
    if foreign:
        more = f" and {len(foreign) - 1} more" if foreign[1:] else ""
        raise MaplessError(f"{folder} holds {foreign[0]}{more}, which Mapless did not write; move it away")


@contextmanager
def files_by_tools(folder: Path) -> Iterator[None]:
    """Count what a tool leaves in a folder of ours, or below it, as ours."""
    ours = next((each for each in (folder, *folder.parents) if (each / MARKER).is_file()), None)
    before = _files(ours) if ours else set()
    try:
        yield
    finally:
        if ours:
            _mark(ours, _marked(ours) | (_files(ours) - before))


def _files(folder: Path) -> set[str]:
    """All files and links below a folder but the marker, and folders without any, by their relative paths."""
    found = set()
    for parent, folders, files in os.walk(folder):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        leaves = [*files, *links] or ([] if folders or parent == str(folder) else ["."])
        found |= {os.path.relpath(Path(parent, name), folder) for name in leaves}
    return found - {MARKER}


def _marked(folder: Path) -> set[str]:
    marker = folder / MARKER
    return set(marker.read_text(errors="surrogateescape").splitlines()) if marker.is_file() else set()


def _mark(folder: Path, files: set[str]) -> None:
    (folder / MARKER).write_text("".join(f"{file}\n" for file in sorted(files)), errors="surrogateescape")


def _replace(folder: Path, partial: Path) -> None:
    """Put `partial` in the place of `folder`, which moves away whole before it is deleted."""
    if not folder.exists():
        partial.replace(folder)
        return
    old = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    folder.replace(old)
    partial.replace(folder)
    shutil.rmtree(old)
