"""Arrays of anyone's making for `convert`, and what their columns are said to be."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tests.robustness.case import Case, Random
from tests.robustness.hdf5_files import assert_momenta, converted

_ROWS = np.arange(1.0, 6.0)
_OWN = {"mjj": _ROWS, "pt": np.stack([400 + _ROWS, 300 + _ROWS], axis=1), "x": _ROWS, "number": np.arange(5)}
NAMED: dict[str, tuple[dict[str, Any], Any]] = {
    "healthy": (_OWN, {"mjj": "mjj", "jet_pt": "pt", "event": "number"}),
    "one array for each jet": (_OWN, {"jet_pt": ["mjj", "x"]}),
    "an array that is not there": (_OWN, {"mjj": "m"}),
    "fewer rows": ({**_OWN, "x": _ROWS[:-1]}, {"mjj": "mjj", "x": "x"}),
    "fewer jets": ({**_OWN, "eta": _ROWS}, {"jet_pt": "pt", "jet_eta": "eta"}),
    "two values of an event": (_OWN, {"mjj": "pt"}),
    "NaN": ({**_OWN, "mjj": np.full(5, np.nan)}, {"mjj": "mjj"}),
    "a momentum that is NaN": ({**_OWN, "pt": np.full((5, 2), np.nan)}, {"jet_pt": "pt"}),
    "a momentum below zero": ({**_OWN, "pt": -_OWN["pt"]}, {"jet_pt": "pt"}),
    "words": ({**_OWN, "mjj": np.full(5, "x")}, {"mjj": "mjj"}),
    "complex": ({**_OWN, "mjj": _ROWS + 1j}, {"mjj": "mjj"}),
    "a number": ({**_OWN, "mjj": np.array(3.0)}, {"mjj": "mjj"}),
    "no events": ({name: values[:0] for name, values in _OWN.items()}, {"mjj": "mjj"}),
    "event numbers of a half": ({**_OWN, "number": _ROWS / 2}, {"event": "number", "mjj": "mjj"}),
    "event numbers below zero": ({**_OWN, "number": -_ROWS}, {"event": "number", "mjj": "mjj"}),
    "no columns": (_OWN, {}),
    "a list": (_OWN, ["mjj"]),
    "code": (_OWN, {"mjj; rm": "mjj"}),
    "jets without momentum": (_OWN, {"jet_eta": "pt"}),
    "a list of nothing": (_OWN, {"jet_pt": []}),
    "three dimensions": ({**_OWN, "pt": np.ones((5, 2, 2))}, {"jet_pt": "pt"}),
}


def cases() -> list[Case]:
    """All of them."""
    return [Case(f"named arrays, {name}", partial(_named, said), _as_named) for name, said in NAMED.items()]


def _named(said: tuple[dict[str, Any], Any], folder: Path, random: Random) -> list[str]:
    arrays, columns = said
    np.savez(folder / "a.npz", **arrays)
    (folder / "columns.yaml").write_text(json.dumps({"columns": columns}))
    return ["convert", "a.npz", "--columns", "columns.yaml", "--output", "b.root"]


def _as_named(folder: Path) -> None:
    events, stored = converted(folder), np.load(folder / "a.npz")
    for name, source in json.loads((folder / "columns.yaml").read_text())["columns"].items():
        if name == "jet_pt":
            pt = (
                stored[source]
                if isinstance(source, str)
                else np.stack([stored[one] for one in source], axis=1)
            )
            assert_momenta(events, pt)
        else:
            np.testing.assert_allclose(events[name], stored[source], rtol=5e-3)
