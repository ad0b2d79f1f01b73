"""Certified luminosity: the runs and luminosity blocks of data that are good for physics ("golden JSON")."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from errors import MaplessError
from input_files import read_json
from selections import headers
from selections.nodes import column_names
from selections.root import import_root
from selections.sources.opened import OpenedEvents
from selections.steps import Cut

LARGEST = 2**32
"""Above all numbers of runs and luminosity blocks."""

IS_CERTIFIED = "is_certified"
CERTIFIED = Cut(IS_CERTIFIED, "certified luminosity")


@dataclass(frozen=True)
class CertifiedLuminosity:
    """Ranges of luminosity blocks (run, first, last), both ends included, in order and without overlap.

    `file` is the name of the file that says so.
    """

    file: str
    ranges: tuple[tuple[int, int, int], ...]

    def __str__(self) -> str:
        runs = [run for run, _, _ in self.ranges]
        n_blocks = sum(last - first + 1 for _, first, last in self.ranges)
        return f"{self.file}: {n_blocks:,} luminosity blocks of runs {runs[0]} to {runs[-1]}"

    def certify(self, events: OpenedEvents) -> OpenedEvents:
        """The same events with the column `is_certified`; raises MaplessError where simulation has it."""
        if "genWeight" in column_names(events.frame):
            raise MaplessError(
                f"{events.files[0]} is simulation, which no luminosity is certified for; leave out certified"
            )
        headers.load("mapless/certified_luminosity.h")
        columns = zip(*self.ranges, strict=True)
        frame = import_root().mapless.certify(events.frame, IS_CERTIFIED, *map(list, columns))
        return replace(events, frame=frame, notes={**events.notes, "certified": str(self)})


def read_certified(path: str | Path) -> CertifiedLuminosity:
    """The ranges of a file in the format of CMS: {"run": [[first, last], ...], ...}.

    Overlapping and touching ranges become one. Raises MaplessError that names what is wrong.
    """
    content = read_json(path)
    if not isinstance(content, dict) or not content:
        raise MaplessError(f'{path} must hold runs with ranges, written {{"run": [[first, last], ...]}}')
    ranges = [(_run(path, run), *pair) for run, pairs in content.items() for pair in _pairs(path, run, pairs)]
    if not ranges:
        raise MaplessError(f"{path} certifies no luminosity block at all; is it the right file?")
    return CertifiedLuminosity(Path(path).name, _joined(sorted(ranges)))


def _run(path: str | Path, run: str) -> int:
    if not (run.isascii() and run.isdigit() and int(run[:20]) < LARGEST):
        raise MaplessError(f"{path}: {run[:40]!r} is no number of a run")
    return int(run)


def _pairs(path: str | Path, run: str, pairs: Any) -> list[tuple[int, int]]:
    if not isinstance(pairs, list):
        raise MaplessError(f"{path}: run {run} must have a list of ranges [first, last]")
    for pair in pairs:
        if not (isinstance(pair, list) and len(pair) == 2 and all(map(_is_block, pair))):  # noqa: PLR2004
            text = str(pair)[:40]
            raise MaplessError(
                f"{path}: run {run} has {text}, which is no range [first, last] of luminosity blocks"
            )
        if pair[0] > pair[1]:
            raise MaplessError(f"{path}: run {run} has a range that ends before it begins, {pair}")
    return [(first, last) for first, last in pairs]


def _is_block(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < LARGEST


def _joined(ranges: list[tuple[int, int, int]]) -> tuple[tuple[int, int, int], ...]:
    found = ranges[:1]
    for run, first, last in ranges[1:]:
        run_before, first_before, last_before = found[-1]
        if run == run_before and first <= last_before + 1:
            found[-1] = (run, first_before, max(last, last_before))
        else:
            found.append((run, first, last))
    return tuple(found)
