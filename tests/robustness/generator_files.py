"""HepMC and Les Houches events for `convert`, with lines and words that are not what they should be."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import awkward as ak
import numpy as np

from tests.robustness.case import Case, Random
from tests.robustness.conversions import HEADER
from tests.robustness.hdf5_files import converted


def cases() -> list[Case]:
    """All of them."""
    by_chance = [
        Case(f"text of a .{suffix}, {what} {n}", partial(_text, suffix, change), _as_lines)
        for suffix in TEXTS
        for what, change in OF_LINES.items()
        for n in range(3)
    ]
    one_by_one = [
        Case(
            f"text of a .{suffix}, the word {token} as number {word} of {lines[place]!r}",
            partial(_text, suffix, partial(_with_word, token, place, word)),
            _as_lines,
        )
        for suffix in ("hepmc2", "hepmc3")
        for lines in [TEXTS[suffix]()]
        for place in [_first(lines, letter) for letter in LETTERS[suffix]]
        for word in range(len(lines[place].split()))
        for token in ("x", "1x")
    ]
    return [*by_chance, *one_by_one]


OUTGOING = ((500, 90), (300, 20), (-500, -40), (-300, -10))
BEAMS = ((1, 6500), (2, -6500))


def _energy(px: float, pz: float) -> float:
    return float(np.hypot(np.hypot(px, pz), 0.13957))


def _hepmc3() -> list[str]:
    lines = ["HepMC::Version 3.02.05", "HepMC::Asciiv3-START_EVENT_LISTING", "W Weight"]
    for number in range(3):
        lines += [f"E {number} 1 6", "U GEV MM", f"W {number + 1}.0"]
        lines += [f"P {n} 0 2212 0 0 {p} 6500 0.938 4" for n, p in BEAMS]
        lines += ["V -1 0 [1,2]"]
        for place, (px, pz) in enumerate(OUTGOING, start=3):
            lines.append(f"P {place} -1 211 {px} 0 {pz} {_energy(px, pz):.10f} 0.13957 1")
    return [*lines, "HepMC::Asciiv3-END_EVENT_LISTING"]


def _hepmc2() -> list[str]:
    """The same events in the words of version 2."""
    lines = ["HepMC::Version 2.06.09", "HepMC::IO_GenEvent-START_EVENT_LISTING"]
    for number in range(3):
        lines += [f"E {number} -1 100.0 0.118 0.0078 0 -1 1 1 2 0 1 {number + 1}.0", "U GEV MM", "C 2.5 0.1"]
        lines += ["V -1 0 0 0 0 0 2 4 0", *(f"P {n} 2212 0 0 {p} 6500 0.938 4 0 0 -1 0" for n, p in BEAMS)]
        for place, (px, pz) in enumerate(OUTGOING, start=3):
            lines.append(f"P {place} 211 {px} 0 {pz} {_energy(px, pz):.10f} 0.13957 1 0 0 0 0")
    return [*lines, "HepMC::IO_GenEvent-END_EVENT_LISTING"]


def _les_houches() -> list[str]:
    lines = HEADER.format("2.5 0.1 1 1").replace("0 0 3 1", "0 0 -4 1").splitlines()  # weighted events
    for number in range(3):
        lines += ["<event>", f"4 1 {number + 1} 800 0.0078 0.1"]
        lines += ["1 -1 0 0 501 0 0 0 800 800 0 0 9", "-1 -1 0 0 0 501 0 0 -800 800 0 0 9"]
        lines += ["2 1 1 2 502 0 800 0 0 800 0 0 9", "-2 1 1 2 0 502 -800 0 0 800 0 0 9", "</event>"]
    return [*lines, "</LesHouchesEvents>"]


TEXTS: dict[str, Callable[[], list[str]]] = {
    "hepmc2": _hepmc2,
    "hepmc3": _hepmc3,
    "lhe": _les_houches,
}
LETTERS = {"hepmc2": "EUCVP", "hepmc3": "EUWPV"}  # of lines that are read


def _first(lines: list[str], letter: str) -> int:
    """The place of the first such line of an event."""
    return next(place for place in range(3, len(lines)) if lines[place][0] == letter)


def _with_word(token: str, place: int, word: int, lines: list[str], _: int, random: Random) -> list[str]:
    words = lines[place].split()
    words[word] = token
    return [*lines[:place], " ".join(words), *lines[place + 1 :]]


def _replaced(token: str) -> Callable[[list[str], int, Random], list[str]]:
    def change(lines: list[str], place: int, random: Random) -> list[str]:
        words = lines[place].split()
        words[int(random.integers(len(words)))] = token
        return [*lines[:place], " ".join(words), *lines[place + 1 :]]

    return change


OF_LINES: dict[str, Callable[[list[str], int, Random], list[str]]] = {
    "untouched": lambda lines, place, random: lines,
    "a line less": lambda lines, place, random: lines[:place] + lines[place + 1 :],
    "a line twice": lambda lines, place, random: lines[: place + 1] + lines[place:],
    "an empty line": lambda lines, place, random: [*lines[:place], "", *lines[place:]],
    "half a line": lambda lines, place, random: [
        *lines[:place],
        lines[place][: len(lines[place]) // 2],
        *lines[place + 1 :],
    ],
    **{f"the word {token}": _replaced(token) for token in ("nan", "inf", "-1", "1e999", "x")},
}


def _text(
    suffix: str, change: Callable[[list[str], int, Random], list[str]], folder: Path, random: Random
) -> list[str]:
    lines = TEXTS[suffix]()
    changed = change(lines, int(random.integers(len(lines))), random)
    (folder / f"a.{suffix}").write_text("\n".join(changed) + "\n")
    return ["convert", f"a.{suffix}", "--output", "b.root"]


def _as_lines(folder: Path) -> None:
    """As many events as begin, with the sum of the weights that stand in their lines; words are numbers."""
    (path,) = folder.glob("a.*")
    lines = path.read_text().splitlines()
    if path.suffix != ".lhe":
        version = path.suffix[1:]
        first = next(place for place, line in enumerate(lines) if line.startswith("E "))
        events = [line.split() for line in lines[first:-1] if line]
        assert {words[0] for words in events} == set(LETTERS[version])
        numbers = [
            (words[0], [float(word) for word in words[1:] if "[" not in word])
            for words in events
            if words[0] != "U"
        ]
        n_events = sum(letter == "E" for letter, _ in numbers)
        weights = [
            values[-1] for letter, values in numbers if letter == ("E" if version == "hepmc2" else "W")
        ]
    else:
        starts = [place for place, line in enumerate(lines) if line.startswith("<event")]
        n_events = len(starts)
        weights = [float(lines[place + 1].split()[2]) for place in starts]
    described = json.loads((folder / "b.root.json").read_text())
    assert described["n_read"] == n_events
    np.testing.assert_allclose(described["sum_of_weights"], sum(weights), rtol=1e-6)
    events = converted(folder)
    assert len(events) == described["n_events"]
    assert np.isfinite(ak.to_numpy(ak.flatten(events["jet_pt"]))).all()
