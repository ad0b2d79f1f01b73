"""The one exception that a user is meant to see, and how every other one is told in a line."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USERS_MISTAKE, FAULT = 2, 1
"""Exit codes: the user can mend it, or only who wrote the code can."""

_PACKAGES = (sys.prefix, sys.base_prefix)


class MaplessError(Exception):
    """A problem the user can mend; its message is one line that names the thing and the way out."""


@contextmanager
def at_work(on: str) -> Iterator[None]:
    """Note on an exception that is no MaplessError what was at work, such as "stage report"."""
    try:
        yield
    except MaplessError:
        raise
    except Exception as error:
        error.add_note(on)
        raise


def complaint(error: BaseException) -> tuple[str, int]:
    """One line about an exception, naming what `at_work` noted, and the exit code that it means."""
    text = " ".join(str(error).split())
    if isinstance(error, MaplessError):
        return text, USERS_MISTAKE
    place = "".join(f" in {note}" for note in getattr(error, "__notes__", ()))
    if isinstance(error, MemoryError):
        return f"not enough memory{place}; read fewer events, or use fewer threads or workers", USERS_MISTAKE
    if isinstance(error, OSError) and error.strerror:
        file = f" {error.filename}" if error.filename else ""
        return f"{error.strerror}:{file}{place}; check the disk, the path and its permissions", USERS_MISTAKE
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return f"unexpected {what}{place}{_where(error)}; a fault in the code: --debug shows all of it", FAULT


def _where(error: BaseException) -> str:
    """The last line at work that is no package's: ours, or of a class of the user's."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith((*_PACKAGES, "<"))]
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
