"""Files for `convert`: damaged HDF5 and arrays, and arrays of the wrong kind."""

import io
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.robustness.case import Case, Random
from tests.robustness.damage import WHOLE, Damage, flipped, overwritten, truncated

ARRAYS = {
    "six columns of words": np.full((5, 6), "x"),
    "six columns of objects": np.full((5, 6), None),
    "five columns": np.ones((5, 5)),
    "one dimension": np.ones(6),
    "no events": np.ones((0, 6)),
    "complex": np.ones((5, 6), complex),
    "NaN": np.full((5, 6), np.nan),
    "a number": np.array(3.0),
}


EVENT = "<event>\n4 1 1 800 0.0078 0.1\n" + "\n".join(
    f"{code} {status} {mothers} {colours} {px} 0 {pz} 800 0 0 9"
    for code, status, mothers, colours, px, pz in (
        *((1, -1, "0 0", "501 0", 0, 800), (-1, -1, "0 0", "0 501", 0, -800)),
        *((2, 1, "1 2", "502 0", 800, 0), (-2, 1, "1 2", "0 502", -800, 0)),
    )
)
HEADER = '<LesHouchesEvents version="1.0">\n<init>\n2212 2212 6500 6500 0 0 0 0 3 1\n{}\n</init>\n'
LES_HOUCHES = {
    "no header": f"{EVENT}\n</event>\n</LesHouchesEvents>\n",
    "words for a cross section": HEADER.format("large 0.1 1 1") + f"{EVENT}\n</event>\n</LesHouchesEvents>\n",
    "no end": HEADER.format("2.5 0.1 1 1") + f"{EVENT}\n</event>\n",
    "no event": HEADER.format("2.5 0.1 1 1") + "</LesHouchesEvents>\n",
    "half an event": HEADER.format("2.5 0.1 1 1") + f"{EVENT[:60]}\n</event>\n</LesHouchesEvents>\n",
}
START = "HepMC::Version 3.02.05\nHepMC::Asciiv3-START_EVENT_LISTING\n"
HEPMC = {
    "no end": f"{START}E 0 1 6\n",
    "no event": f"{START}HepMC::Asciiv3-END_EVENT_LISTING\n",
    "words in an event": f"{START}E 0 one six\nP 1 x\nHepMC::Asciiv3-END_EVENT_LISTING\n",
}


def cases() -> list[Case]:
    """All of them."""
    damages = {
        **WHOLE,
        **{f"first {part:.0%}": truncated(part) for part in (0.1, 0.5, 0.9)},
        "garbage": overwritten(0, 0.02, 40),
        "flips": flipped(0, 0.02, 20),
    }
    return [
        *(
            Case(f"conversion of bytes, {name} as {suffix}", partial(_damaged, suffix, damage))
            for suffix in ("h5", "npy", "npz", "root", "hepmc", "lhe", "lhe.gz")
            for name, damage in damages.items()
        ),
        *(Case(f"conversion, {name}", partial(_array, array)) for name, array in ARRAYS.items()),
        *(
            Case(f"conversion of .{suffix}, {name}", partial(_text, suffix, text))
            for suffix, texts in (("lhe", LES_HOUCHES), ("hepmc", HEPMC))
            for name, text in texts.items()
        ),
        Case("conversion of events of two formats", _two_formats),
        *(
            Case(f"conversion, to {name!r}", partial(_output, name))
            for name in ("x.txt", "", ".", "a.npy", "/proc/x.root")
        ),
    ]


def _damaged(suffix: str, damage: Damage, folder: Path, random: Random) -> list[str]:
    buffer = io.BytesIO()
    if suffix == "h5":
        with h5py.File(buffer, "w") as file:
            file["jet_kinematics"] = np.ones((5, 14))
    else:
        np.save(buffer, np.ones((5, 5)))
    (folder / f"a.{suffix}").write_bytes(damage(buffer.getvalue(), random))
    return ["convert", f"a.{suffix}", "--output", "b.root"]


def _text(suffix: str, text: str, folder: Path, random: Random) -> list[str]:
    (folder / f"a.{suffix}").write_text(text)
    return ["convert", f"a.{suffix}", "--output", "b.root"]


def _two_formats(folder: Path, random: Random) -> list[str]:
    (folder / "a.lhe").write_text("")
    (folder / "a.hepmc").write_text("")
    return ["convert", "a.lhe", "a.hepmc", "--output", "b.root"]


def _array(array: Any, folder: Path, random: Random) -> list[str]:
    np.save(folder / "a.npy", array, allow_pickle=True)
    return ["convert", "a.npy", "--output", "b.root"]


def _output(name: str, folder: Path, random: Random) -> list[str]:
    np.save(folder / "a.npy", np.ones((5, 6)))
    return ["convert", "a.npy", "--output", name]
