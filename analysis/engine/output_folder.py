"""Folders of results: nothing in them is removed that Mapless did not write, and one run at a time writes."""

import fcntl
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from analysis.engine.json_file import read_json, write_json
from analysis.engine.run_log import LOG
from errors import MaplessError

MARKER = ".mapless"
"""A folder with this file is ours; the run that writes into it holds a lock on it."""

MOVED_IN = ".published.json"
"""Names of the files that `move_in` has put there last."""

LAST = "results.json"


@contextmanager
def claimed(output: Path) -> Iterator[None]:
    """Hold a folder of results, which is made if need be; what a killed run left half-written is removed.

    The lock goes with its process, however that ends. A folder without a file of the run vanishes again.
    Raises MaplessError for a folder with files of others, that cannot be written, or that another run holds.
    """
    output = Path(output)
    existed = output.exists()
    descriptor = _locked(output)
    try:
        for left in (*output.glob("*.partial-*"), *output.glob("*/*.partial-*")):
            _remove(left)
        yield
    finally:
        files = {file.name for file in output.rglob("*") if not file.is_dir()}
        if not existed and files <= {MARKER, LOG}:
            shutil.rmtree(output)
        os.close(descriptor)


def require_writable(folder: Path) -> None:
    """Raise MaplessError for a folder of results that can neither be made nor written to; leaves no trace."""
    missing = [place for place in (folder, *folder.parents) if not os.path.exists(place)]  # noqa: PTH110
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError:
        raise MaplessError(f"--output {folder} is a file, not a folder; name another one") from None
    except (OSError, ValueError) as error:  # ValueError: a name that no folder can have
        reason = getattr(error, "strerror", None) or error
        raise MaplessError(f"--output {folder} cannot be written: {reason}; name another one") from None
    finally:
        for place in missing:
            with suppress(OSError, ValueError):
                place.rmdir()


@contextmanager
def partial_folder(output: Path) -> Iterator[Path]:
    """Give a folder inside of a claimed one for files that are not complete; it vanishes at the end."""
    folder = output / f".partial-{os.getpid()}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def move_in(folder: Path, output: Path) -> None:
    """Move all files of a folder to the same places in an output, each by rename, `results.json` last.

    What was moved in before and is not there now, such as plots of other windows, is removed.
    """
    files = {str(file.relative_to(folder)): file for file in sorted(folder.rglob("*")) if file.is_file()}
    record = output / MOVED_IN
    earlier = set(read_json(record)) if record.is_file() else set()
    write_json(record, sorted(earlier | set(files)))
    for name in sorted(files, key=lambda name: (name == LAST, name)):
        (output / name).parent.mkdir(parents=True, exist_ok=True)
        files[name].replace(output / name)
    for name in earlier - set(files):
        if (output / name).resolve().is_relative_to(output.resolve()):
            (output / name).unlink(missing_ok=True)
    write_json(record, sorted(files))


def _remove(left: Path) -> None:
    if left.is_dir():
        shutil.rmtree(left, ignore_errors=True)
    else:
        left.unlink(missing_ok=True)


def _locked(output: Path) -> int:
    """A descriptor that holds the lock of a folder that is ours."""
    try:
        if output.exists() and any(output.iterdir()) and not (output / MARKER).is_file():
            raise MaplessError(
                f"{output} holds files that Mapless did not write; choose a new or empty folder with --output"
            )
        output.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(output / MARKER, os.O_RDWR | os.O_CREAT, 0o644)
    except (OSError, ValueError) as error:  # ValueError: a name that no folder can have
        reason = getattr(error, "strerror", None) or error
        raise MaplessError(
            f"cannot write into {output}: {reason}; choose another folder with --output"
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 1000).decode(errors="replace").strip()
        os.close(descriptor)
        raise MaplessError(
            f"another run ({holder}) writes into {output}; wait for it or choose another folder with --output"
        ) from None
    except OSError:
        pass  # a file system without locks
    with suppress(OSError):  # on a full disk the lock holds without its words
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {platform.node()}".encode(), 0)
    return descriptor
