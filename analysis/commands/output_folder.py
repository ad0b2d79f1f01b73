"""Whether results can be written is asked before hours of work, not after them."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from errors import MaplessError


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
