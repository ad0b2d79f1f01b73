"""What the lines of HepMC files, versions 2 and 3, must look like for their library to read what they say.

It takes a word that is no number for 0, what follows a number in a word for nothing, and skips lines that it
does not know; so a file is looked through before.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from errors import MaplessError

_WORDS = {
    "WHOLE": r"[-+]?\d+",
    "REAL": r"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|nan|inf(?:inity)?)",
    "LIST": r"\[[\d,\s]*\]",
}
_POSITION = "@ REAL REAL REAL REAL"
_MOMENTUM = "REAL REAL REAL REAL REAL"
_LINES: dict[str, tuple[str, ...]] = {  # by the letter of a line, of version 3 and then of version 2
    "E": (
        "WHOLE WHOLE WHOLE",
        f"WHOLE WHOLE WHOLE {_POSITION}",
        "WHOLE WHOLE REAL REAL REAL WHOLE WHOLE WHOLE WHOLE WHOLE WHOLE MORE",
    ),
    "V": (
        "WHOLE WHOLE LIST",
        f"WHOLE WHOLE LIST {_POSITION}",
        "WHOLE WHOLE REAL REAL REAL REAL WHOLE WHOLE WHOLE MORE",
    ),
    "P": (
        f"WHOLE WHOLE WHOLE {_MOMENTUM} WHOLE",
        f"WHOLE WHOLE {_MOMENTUM} WHOLE REAL REAL WHOLE WHOLE MORE",
    ),
    "W": ("MORE",),
    "C": ("REAL REAL MORE",),
    "U": ("GEV MM", "GEV CM", "MEV MM", "MEV CM"),
    "A": ("WHOLE GenCrossSection REAL REAL MORE", r"WHOLE (?!GenCrossSection\b).*"),
}
_FREE = ("F", "H", "N", "T")


def _pattern(letter: str, ways: Iterable[str]) -> re.Pattern[bytes]:
    text = "|".join(f"{letter} {way}" for way in ways).replace(" MORE", r"(?:\s+REAL)*").replace(" ", r"\s+")
    for name, word in _WORDS.items():
        text = text.replace(name, word)
    return re.compile(rf"(?:{text})\s*".encode(), re.IGNORECASE)


_PATTERNS = {letter.encode(): _pattern(letter, ways) for letter, ways in _LINES.items()}
_OUTSIDE = b"HepMC::"


def checked(file: Path, lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a file as they are, from its first event on all as they must be.

    Raises MaplessError for a line that is not, for an event with more or fewer particles than it states, and
    where only some events have weights.
    """
    inside, first, stated, found = False, 0, 0, Counter[bytes]()
    weights = None
    for number, line in enumerate(lines, start=1):
        letter, outside = line[:1], line.startswith(_OUTSIDE)
        if inside and (outside or letter == b"E"):
            event = f"{file}, line {first:,}: this event"
            if stated != found[b"P"]:
                raise MaplessError(f"{event} states {stated} particles, but {found[b'P']} follow")
            weights = found[b"W"] if weights is None else weights
            if weights != found[b"W"]:
                raise MaplessError(f"{event} has {found[b'W']} lines of weights, those before have {weights}")
        inside = not outside and (inside or letter == b"E")
        if inside and line.endswith(b"\n") and line.strip():  # the last line may break off
            _check(file, number, line, found[b"P"])
            if letter == b"E":
                first, stated, found = number, _particles_of_event(line.split()), Counter()
            stated += _particles_of_vertex(line) if letter == b"V" else 0
            found[letter] += 1
        yield line


def _check(file: Path, number: int, line: bytes, found: int) -> None:
    """Raise MaplessError for a line of an event that is not as it must be; `found` particles are above it."""
    pattern = _PATTERNS.get(line[:1])
    is_right = pattern.fullmatch(line) if pattern else line[:1].decode("latin-1") in _FREE
    unknown = line[:1] == b"V" and any(not 0 < int(one) <= found for one in _entering(line))
    if unknown or not is_right:
        text = line[:60].decode("ascii", "backslashreplace").strip()
        why = ": no such particle is above" if unknown and is_right else ""  # which ends the process
        raise MaplessError(f"{file}, line {number:,} cannot be read as HepMC: {text}{why}")


def _particles_of_event(words: list[bytes]) -> int:
    """Those that version 3 states for the whole event; version 2 states them for every vertex."""
    return int(words[3]) if len(words) == 4 or words[4] == b"@" else 0  # noqa: PLR2004


def _particles_of_vertex(line: bytes) -> int:
    """Those that version 2 lists behind a vertex: some that enter it, and all that leave it."""
    return 0 if b"[" in line else sum(map(int, line.split()[7:9]))


def _entering(line: bytes) -> list[bytes]:
    """Those that version 3 says to enter a vertex, by number."""
    return re.findall(rb"\d+", line.partition(b"[")[2].partition(b"]")[0])
