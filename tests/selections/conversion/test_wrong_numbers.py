"""Numbers that cannot be right are refused with the file; none becomes a zero, a row or a missing jet."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import uproot

from errors import MaplessError
from selections.conversion.convert import to_root
from selections.conversion.named_arrays import ColumnNames

N = 8
NAMES = ColumnNames(columns={"jet_pt": "pt", "event": "number", "x": "x"})
Change = Callable[[dict[str, Any]], Any]


def case_arrays() -> dict[str, np.ndarray]:
    """Two back-to-back jets of 1000 GeV, of a mass of 100 GeV each."""
    kinematics = np.zeros((N, 14), np.float32)
    kinematics[:, [2, 6]], kinematics[:, 8], kinematics[:, [5, 9]] = 1000, np.pi, 90
    kinematics[:, 0] = 2 * np.hypot(1000, 100)
    info = np.ones((N, 8), np.float32)
    info[:, 0] = np.arange(N)
    features = {f"jet{number}_extraInfo": np.ones((N, 7), np.float32) for number in (1, 2)}
    return {"jet_kinematics": kinematics, "event_info": info, **features}


def olympics_arrays() -> dict[str, np.ndarray]:
    """Two particles an event."""
    values = np.zeros((N, 2101))
    values[:, [0, 3]], values[:, 5] = 500, 3
    return {"df/block0_values": values}


def own_arrays() -> dict[str, np.ndarray]:
    return {"pt": np.full((N, 2), 300.0), "number": np.arange(N), "x": np.ones(N)}


def cathode_rows() -> dict[str, np.ndarray]:
    return {"rows": np.tile([3.5, 0.1, 0.3, 0.5, 0.4, 1.0], (N, 1))}


MAKE = {"case": case_arrays, "olympics": olympics_arrays, "own": own_arrays, "cathode": cathode_rows}


def written(folder: Path, kind: str, arrays: dict[str, Any]) -> Path:
    if kind == "own":
        np.savez(folder / "a.npz", **arrays)
        return folder / "a.npz"
    if kind == "cathode":
        np.save(folder / "a.npy", arrays["rows"])
        return folder / "a.npy"
    with h5py.File(folder / "a.h5", "w") as file:
        for name, values in arrays.items():
            file[name] = values
    return folder / "a.h5"


def put(name: str, place: Any, value: Any) -> Change:
    def change(arrays: dict[str, Any]) -> None:
        arrays[name][place] = value

    return change


def replaced(name: str, value: Any) -> Change:
    return lambda arrays: arrays.update({name: value})


WRONG: list[tuple[str, Change, str]] = [
    ("case", put("jet_kinematics", (3, 2), np.nan), "a jet has the pt nan"),
    ("case", put("jet_kinematics", (3, 6), -5), "a jet has the pt -5"),
    ("case", put("jet_kinematics", (3, 4), np.nan), "jet_phi is NaN"),
    ("case", put("jet_kinematics", (3, 0), np.nan), "jet_mass is NaN"),
    ("case", put("event_info", (3, 3), np.inf), "weight is NaN or infinite"),
    ("case", put("event_info", (3, 5), 1.5), "run holds 1.5, which is not whole"),
    ("case", put("jet_kinematics", (slice(None), 0), 2.0), "m_jj is about 2, but 2000 of jets without mass"),
    ("case", put("jet_kinematics", (slice(None), [2, 6]), 1.0), "in GeV?"),
    ("case", replaced("jet_kinematics", np.ones((N, 9))), r"shape \(8, 9\); it must have 10 columns"),
    ("case", replaced("jet_kinematics", np.ones(N)), "it must have 10 columns"),
    ("case", replaced("jet2_extraInfo", np.ones((N - 1, 7))), "holds 7 events, but there are 8"),
    ("case", replaced("jet2_extraInfo", np.ones((N, 6))), "it must have 7 columns"),
    ("case", replaced("event_info", np.ones((N, 3))), "it must have 4 columns"),
    ("case", replaced("truth_label", np.full((N, 1), 0.5)), "truth_label holds 0.5, which is not whole"),
    ("case", replaced("truth_label", np.full((N, 1), b"x")), "truth_label is no array of numbers"),
    ("case", replaced("jet1_PFCands", np.ones((N, 3, 4))), "jet2_PFCands is not there"),
    ("olympics", put("df/block0_values", (3, 0), np.nan), "a momentum that is NaN"),
    ("olympics", put("df/block0_values", (3, 0), -1), "below zero"),
    ("olympics", put("df/block0_values", (3, 2100), 0.5), "truth_label holds 0.5"),
    ("olympics", replaced("df/block0_values", np.ones(2101)), "it must have 1 columns"),
    ("own", put("pt", (3, 1), -999), "a jet has the pt -999"),
    ("own", put("pt", (3, 1), np.nan), "a jet has the pt nan"),
    ("own", put("x", 3, np.nan), "x is NaN or infinite"),
    ("own", replaced("number", np.arange(N) - 1), "event goes from -1 to 6"),
    ("own", replaced("number", np.arange(N) + 0.5), "event holds 0.5, which is not whole"),
    ("own", replaced("number", np.float32(2**24) + np.arange(N, dtype="f4")), "not exact"),
    ("own", replaced("number", np.array("x")), "number is no array of numbers"),
    ("own", replaced("x", np.ones(N, complex)), "x is no array of numbers"),
    ("own", replaced("x", np.ones(N + 1)), "arrays of different lengths"),
    ("cathode", put("rows", (slice(None), 0), 3500.0), "is it in GeV"),
    ("cathode", put("rows", (3, 1), -0.1), "column 1 holds -0.1"),
    ("cathode", put("rows", (3, 5), 0.4), "truth_label holds 0.4"),
]


@pytest.mark.parametrize(
    ("kind", "change", "words"), WRONG, ids=[f"{kind}: {words}" for kind, _, words in WRONG]
)
def test_what_cannot_be_right_is_one_line_with_the_file(
    tmp_path: Path, kind: str, change: Change, words: str
) -> None:
    arrays = MAKE[kind]()
    change(arrays)
    path = written(tmp_path, kind, arrays)
    with pytest.raises(MaplessError, match=words) as error:
        to_root([path], tmp_path / "x.root", names=NAMES if kind == "own" else None)
    assert str(error.value).startswith(str(path))
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("kind", MAKE)
def test_the_same_files_are_taken_as_they_were(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path, kind, MAKE[kind]())
    assert to_root([path], tmp_path / "x.root", names=NAMES if kind == "own" else None) == N


def test_an_incomplete_archive_of_arrays_is_one_line(tmp_path: Path) -> None:
    path = written(tmp_path, "own", own_arrays())
    whole = path.read_bytes()
    for place in (len(whole) // 4, len(whole) // 2, 3 * len(whole) // 4):
        path.write_bytes(whole[:place] + bytes(20) + whole[place + 20 :])
        with pytest.raises(MaplessError, match="a.npz"):
            to_root([path], tmp_path / "x.root", names=NAMES)
        path.write_bytes(whole[:place])
        with pytest.raises(MaplessError, match="a.npz cannot be read"):
            to_root([path], tmp_path / "x.root", names=NAMES)


def test_a_factor_of_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "own", own_arrays())
    names = ColumnNames(columns={"jet_pt": "pt"}, factors={"pt": 1000.0})
    with pytest.raises(MaplessError, match=r"factors.pt: no column has this name; there are jet_pt"):
        to_root([path], tmp_path / "x.root", names=names)


@pytest.mark.parametrize("name", ["a b", "a-b", "", "n_jet", "jet_pt/2"])
def test_a_name_that_no_column_can_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be the name of a column|is counted"):
        ColumnNames(columns={name: "x"})


def test_the_same_file_twice_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "own", own_arrays())
    with pytest.raises(MaplessError, match="a.npz is there twice; name it once"):
        to_root([path, path], tmp_path / "x.root", names=NAMES)


def test_arrays_of_two_files_without_numbers_are_different_events(tmp_path: Path) -> None:
    paths = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        arrays = own_arrays() | {"x": np.full(N, len(paths))}
        paths.append(written(tmp_path / name, "own", arrays))
    to_root(paths, tmp_path / "both.root", names=ColumnNames(columns={"jet_pt": "pt", "run": "number"}))
    found = uproot.open(tmp_path / "both.root")["Events"].arrays(
        ["run", "luminosity_block", "event"], library="np"
    )
    assert len(set(zip(*found.values(), strict=True))) == 2 * N
