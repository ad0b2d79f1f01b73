"""Where what is kept between runs lies, such as compiled headers and checksums of large files."""

import os
from pathlib import Path

from errors import MaplessError


def cache_directory() -> Path:
    """Folder of what is kept between runs: MAPLESS_CACHE, or `mapless` in the user's cache folder.

    Raises MaplessError for a process without a home, such as some batch jobs.
    """
    if own := os.environ.get("MAPLESS_CACHE"):
        return Path(own)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mapless"
    except RuntimeError:
        raise MaplessError("there is no home for a cache; export MAPLESS_CACHE=FOLDER") from None
