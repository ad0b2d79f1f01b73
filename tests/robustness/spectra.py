"""Spectra as lists of masses and as histograms, broken or merely unusual."""

import io
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import uproot

from tests.robustness.case import Case, Random
from tests.robustness.damage import WHOLE, Damage, flipped, overwritten, truncated
from tests.robustness.spectrum import COUNTS, EDGES, HIGH, LOW, as_bytes, as_text, fit, right


def cases() -> list[Case]:
    """All of them."""
    return [*_masses(), *_histograms()]


def _masses() -> list[Case]:
    """Lists of masses, as text and as arrays."""
    masses = np.repeat((LOW + HIGH) / 2, COUNTS.astype(int))
    arrays: Mapping[str, Any] = {
        "two dimensions": masses.reshape(1, -1),
        "one number": np.array(3000.0),
        "none": masses[:0],
        "true and false": masses > 2000,
        "complex": masses + 1j,
        "words": masses.astype(str),
        "objects": np.array([{"mass": 3000}], dtype=object),
        "fields": np.array([(3000.0, 1)], dtype=[("mass", "f8"), ("n", "i4")]),
        "NaN": np.append(masses, np.nan),
        "infinite": np.append(masses, np.inf),
        "outside": masses + 1e6,
    }
    buffer = io.BytesIO()
    np.save(buffer, masses)
    damages = {**WHOLE, "half": truncated(0.5), "flip in the header": flipped(0, 0.0005)}
    lines = "\n".join(f"{mass:g}" for mass in masses)
    texts = {
        "words": "heavy\nlight\n",
        "two columns": "1 2\n3 4\n",
        "nothing": "",
        "NaN": f"{lines}\nnan\n",
        "a word at the end": f"{lines}\nmany\n",
    }
    more = ("--range", "1500:4000")
    return [
        *(
            Case(f"masses, {name}", lambda folder, random, a=array: _saved(a, folder, more))
            for name, array in arrays.items()
        ),
        *(
            Case(
                f"masses of bytes, {name}",
                lambda folder, random, d=damage: as_bytes("a.npy", buffer.getvalue(), d, folder, random),
            )
            for name, damage in damages.items()
        ),
        *(
            Case(
                f"masses of text, {name}",
                lambda folder, random, t=text: [*as_text("a.txt", t, folder, random), *more],
            )
            for name, text in texts.items()
        ),
    ]


def _saved(array: Any, folder: Path, more: tuple[str, ...]) -> list[str]:
    np.save(folder / "a.npy", array, allow_pickle=True)
    return fit("a.npy", *more)


def _histograms() -> list[Case]:
    damages = {
        **WHOLE,
        **{f"first {part:.0%}": truncated(part) for part in (0.1, 0.5, 0.9)},
        **{f"flip {n}": flipped(0, 1) for n in range(8)},
        **{f"garbage {n}": overwritten(0, 1, 32) for n in range(6)},
    }
    objects: Mapping[str, Callable[[Any], Any]] = {
        "two dimensions": lambda file: np.histogram2d(*np.ones((2, 5))),
        "a tree": lambda file: {"mass": LOW},
        "words": lambda file: "no histogram",
        "NaN": lambda file: (COUNTS * np.nan, EDGES),
        "negative": lambda file: (-COUNTS, EDGES),
        "no events": lambda file: (COUNTS * 0, EDGES),
        "labelled bins": lambda file: _labelled(),
    }
    names = ("a.root", "a.root:", "a.root:nothing", "a.root:h;1", "a.root:h;9", "a.root:../h", "a.root:h:h")
    return [
        Case("histogram, plain", lambda folder, random: _written_histogram(folder), right),
        *(
            Case(f"histogram, the name {name}", lambda folder, random, n=name: _named(n, folder), right)
            for name in names
        ),
        *(
            Case(f"histogram of bytes, {name}", partial(_damaged_histogram, damage), _right_or_as_uproot)
            for name, damage in damages.items()
        ),
        *(
            Case(f"histogram, {name}", lambda folder, random, m=make: _object(m, folder))
            for name, make in objects.items()
        ),
    ]


def _object(make: Callable[[Any], Any], folder: Path) -> list[str]:
    with uproot.recreate(folder / "a.root") as file:
        file["h"] = make(file)
    return fit("a.root:h")


def _labelled() -> Any:
    import hist

    labelled = hist.Hist(hist.axis.StrCategory([f"bin {n}" for n in range(len(COUNTS))]))
    labelled.values()[:] = COUNTS
    return labelled


def _written_histogram(folder: Path) -> list[str]:
    with uproot.recreate(folder / "a.root") as file:
        file["h"] = (COUNTS, EDGES)
    return fit("a.root:h")


def _named(name: str, folder: Path) -> list[str]:
    _written_histogram(folder)
    return fit(name)


def _damaged_histogram(damage: Damage, folder: Path, random: Random) -> list[str]:
    arguments = _written_histogram(folder)
    (folder / "a.root").write_bytes(damage((folder / "a.root").read_bytes(), random))
    return arguments


def _right_or_as_uproot(folder: Path) -> None:
    """A flipped bit of a number without a checksum is another number."""
    with uproot.open(folder / "a.root") as file:
        counts, edges = file["h"].to_numpy()
    (stored,) = json.loads((folder / "out" / "results.json").read_text())["spectra"].values()
    np.testing.assert_allclose(stored["spectrum"]["edges"], edges, rtol=1e-9)
    np.testing.assert_allclose(stored["spectrum"]["counts"], counts, rtol=1e-9)
