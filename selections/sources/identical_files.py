"""The same file twice in a list counts its events twice: by name, through a link, or as a copy."""

import filecmp
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from errors import MaplessError

WAY_OUT = "name it once, or set renumber_events to read it several times"


def check_all_differ(paths: Sequence[str], way_out: str = WAY_OUT) -> None:
    """Raise MaplessError for two files that are one, or that hold the same bytes; remote ones go by name."""
    by_size: dict[int | str, list[str]] = {}
    for path in paths:
        by_size.setdefault(path if "://" in path else Path(path).stat().st_size, []).append(path)
    for first, second in (pair for group in by_size.values() for pair in combinations(group, 2)):
        if first == second:
            raise MaplessError(f"{first} is there twice; {way_out}")
        if Path(first).samefile(second):
            raise MaplessError(f"{first} and {second} are the same file; {way_out}")
        if filecmp.cmp(first, second, shallow=False):
            raise MaplessError(f"{second} is a copy of {first}; {way_out}")
