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
    return [
        Case(f"text of a .{suffix}, {what} {n}", partial(_text, suffix, change), _as_lines)
        for suffix in ("hepmc", "lhe")
        for what, change in OF_LINES.items()
        for n in range(3)
    ]


def _hepmc() -> list[str]:
    lines = ["HepMC::Version 3.02.05", "HepMC::Asciiv3-START_EVENT_LISTING", "W Weight"]
    for number in range(3):
        lines += [f"E {number} 1 6", "U GEV MM", f"W {number + 1}.0"]
        lines += ["P 1 0 2212 0 0 6500 6500 0.938 4", "P 2 0 2212 0 0 -6500 6500 0.938 4", "V -1 0 [1,2]"]
        for place, (px, pz) in enumerate(((500, 90), (300, 20), (-500, -40), (-300, -10)), start=3):
            energy = np.hypot(np.hypot(px, pz), 0.13957)
            lines.append(f"P {place} -1 211 {px} 0 {pz} {energy:.10f} 0.13957 1")
    return [*lines, "HepMC::Asciiv3-END_EVENT_LISTING"]


def _les_houches() -> list[str]:
    lines = HEADER.format("2.5 0.1 1 1").replace("0 0 3 1", "0 0 -4 1").splitlines()  # weighted events
    for number in range(3):
        lines += ["<event>", f"4 1 {number + 1} 800 0.0078 0.1"]
        lines += ["1 -1 0 0 501 0 0 0 800 800 0 0 9", "-1 -1 0 0 0 501 0 0 -800 800 0 0 9"]
        lines += ["2 1 1 2 502 0 800 0 0 800 0 0 9", "-2 1 1 2 0 502 -800 0 0 800 0 0 9", "</event>"]
    return [*lines, "</LesHouchesEvents>"]


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
    lines = _hepmc() if suffix == "hepmc" else _les_houches()
    changed = change(lines, int(random.integers(len(lines))), random)
    (folder / f"a.{suffix}").write_text("\n".join(changed) + "\n")
    return ["convert", f"a.{suffix}", "--output", "b.root"]


def _as_lines(folder: Path) -> None:
    """As many events as begin, with the sum of the weights that stand in their lines."""
    (path,) = folder.glob("a.*")
    lines = path.read_text().splitlines()
    if path.suffix == ".hepmc":
        n_events = sum(line.startswith("E ") for line in lines)
        weights = [float(line.split()[1]) for line in lines[3:] if line.startswith("W ")]
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
