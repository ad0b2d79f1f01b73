"""The log of an output: who ran what when, and how it ended."""

import getpass
import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from errors import complaint

LOG = "log.txt"


@contextmanager
def logged(output: Path, what: str) -> Iterator[None]:
    """Append two lines to the log of an output: who starts what with which command, and how it ends."""
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
    _append(output, f"{what}, started by {_user()} on {platform.node()}: {command}")
    start = time.monotonic()
    try:
        yield
    except BaseException as error:
        ended = f"failed: {complaint(error)[0]}" if isinstance(error, Exception) else "stopped"
        _append(output, f"{what}, {ended}")
        raise
    _append(output, f"{what}, finished after {time.monotonic() - start:.0f} s")


def last_line(output: Path) -> str:
    """The newest line of the log of an output, empty without one."""
    log = output / LOG
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    return lines[-1] if lines else ""


def _append(output: Path, text: str) -> None:
    with (output / LOG).open("a", errors="backslashreplace") as log:
        log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S %z')} {' '.join(text.split())}\n")


def _user() -> str:
    """Name of the user; the number where the machine knows no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
