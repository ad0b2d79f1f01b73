"""HDF5 files of CASE and the LHC Olympics for `convert`, whose arrays are not what they should be."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import awkward as ak
import h5py
import numpy as np
import uproot

from tests.robustness.case import Case, Random, Right

Arrays = dict[str, Any]
Change = Callable[[Arrays, Random], Arrays]

N_EVENTS = 12
CONVERT = ["convert", "a.h5", "--output", "b.root"]


def cases() -> list[Case]:
    """All of them."""
    formats: list[tuple[str, Callable[[Random], Arrays], Mapping[str, Change], Right]] = [
        ("case", _case, {**_changes("jet_kinematics", 2), **OF_CASE}, _as_case),
        ("lhco features", _features, {**_changes("df/block0_values", 0), **OF_FEATURES}, _as_features),
        ("lhco particles", _particles, {**_changes("df/block0_values", 0), **OF_PARTICLES}, _as_particles),
    ]
    return [
        Case(f"{name}, {what}", partial(_hdf5, healthy, change), right)
        for name, healthy, changes, right in formats
        for what, change in changes.items()
    ]


def _changes(name: str, place: int) -> dict[str, Change]:
    """What an array of two dimensions may be instead; `place` is the column of a momentum."""

    def with_value(value: float, arrays: Arrays, random: Random) -> Arrays:
        changed = arrays[name].astype(float)
        changed[3, place] = value
        return arrays | {name: changed}

    def made(change: Callable[[Any], Any], arrays: Arrays, random: Random) -> Arrays:
        return arrays | {name: change(arrays[name])}

    changes: dict[str, Callable[[Any], Any]] = {
        "healthy": lambda values: values,
        "single precision": lambda values: values.astype("f4"),
        "half precision": lambda values: values.astype("f2"),
        "whole numbers": lambda values: np.round(values).astype("i4"),
        "complex": lambda values: values.astype("c16"),
        "words": lambda values: np.full(values.shape, b"x"),
        "one dimension": lambda values: values[:, 0],
        "three dimensions": lambda values: values[:, :, None],
        "a number": lambda values: 3.0,
        "no events": lambda values: values[:0],
        "a column less": lambda values: values[:, :-1],
        "a column more": lambda values: np.hstack([values, values[:, :1]]),
        "an event less": lambda values: values[:-1],
        "turned": lambda values: values.T,
        "a folder": lambda values: None,
    }
    words = {"NaN": np.nan, "infinite": np.inf, "negative": -300.0, "zero": 0.0, "huge": 1e30}
    return {what: partial(made, change) for what, change in changes.items()} | {
        f"a momentum {word}": partial(with_value, value) for word, value in words.items()
    }


def _put(**values: Callable[[Arrays], Any]) -> Change:
    """Arrays with others in their places; None leaves one out."""
    return lambda arrays, random: (
        arrays | {name.replace("__", "/"): value(arrays) for name, value in values.items()}
    )


def _column(name: str, place: int, value: float) -> Change:
    def change(arrays: Arrays, random: Random) -> Arrays:
        changed = arrays[name].astype("f8")
        changed[2, place] = value
        return arrays | {name: changed}

    return change


OF_CASE: dict[str, Change] = {
    "fewer features": _put(jet1_extraInfo=lambda arrays: arrays["jet1_extraInfo"][:-1]),
    "more labels": _put(truth_label=lambda arrays: np.zeros((N_EVENTS + 1, 1))),
    "two labels": _put(truth_label=lambda arrays: np.zeros((N_EVENTS, 2))),
    "a label of a half": _put(truth_label=lambda arrays: np.full((N_EVENTS, 1), 0.5)),
    "labels of words": _put(truth_label=lambda arrays: np.full((N_EVENTS, 1), b"signal")),
    "no features": _put(jet2_extraInfo=lambda arrays: np.empty((N_EVENTS, 0))),
    "particles of one jet": _put(jet1_PFCands=lambda arrays: np.ones((N_EVENTS, 3, 4))),
    "particles of three numbers": _put(
        jet1_PFCands=lambda arrays: np.ones((N_EVENTS, 3, 3)),
        jet2_PFCands=lambda arrays: np.ones((N_EVENTS, 3, 3)),
    ),
    "fewer particles": _put(
        jet1_PFCands=lambda arrays: np.ones((N_EVENTS, 3, 4)),
        jet2_PFCands=lambda arrays: np.ones((N_EVENTS - 1, 3, 4)),
    ),
    "particles that are NaN": _put(
        jet1_PFCands=lambda arrays: np.full((N_EVENTS, 3, 4), np.nan),
        jet2_PFCands=lambda arrays: np.ones((N_EVENTS, 3, 4)),
    ),
    "weights NaN": _column("event_info", 3, np.nan),
    "a negative weight": _column("event_info", 3, -2.0),
    "an event number of a half": _column("event_info", 0, 0.5),
    "an event number that is NaN": _column("event_info", 0, np.nan),
    "a negative event number": _column("event_info", 0, -1),
    "a run of a half": _column("event_info", 5, 0.5),
    "fewer event numbers": _put(event_id=lambda arrays: np.ones((N_EVENTS - 1, 3), int)),
    "event numbers in two columns": _put(event_id=lambda arrays: np.ones((N_EVENTS, 2), int)),
    "systematic weights": _put(sys_weights=lambda arrays: np.full((N_EVENTS, 2), 0.5)),
    "one systematic weight": _put(sys_weights=lambda arrays: np.full(N_EVENTS, 0.5)),
    "masses before momenta": _put(jet_kinematics=lambda arrays: arrays["jet_kinematics"][:, ::-1]),
    "in TeV": _put(jet_kinematics=lambda arrays: arrays["jet_kinematics"] * [0.001, *[1] * 13]),
}
_MORE_ROWS = np.ones((N_EVENTS + 1, 1))
OF_FEATURES: dict[str, Change] = {
    "a column of words": _put(df__block0_items=lambda arrays: np.array([b"x"] * 14)),
    "a column twice": _put(
        df__block0_items=lambda arrays: np.array([*arrays["df/block0_items"][:-1], b"pxj1"])
    ),
    "fewer names": _put(df__block0_items=lambda arrays: arrays["df/block0_items"][:-1]),
    "more names": _put(df__block0_items=lambda arrays: np.array([*arrays["df/block0_items"], b"more"])),
    "names of numbers": _put(df__block0_items=lambda arrays: np.arange(14)),
    "labels of fewer events": _put(
        df__block1_items=lambda arrays: np.array([b"label"]), df__block1_values=lambda arrays: _MORE_ROWS[:-2]
    ),
    "labels of more events": _put(
        df__block1_items=lambda arrays: np.array([b"label"]), df__block1_values=lambda arrays: _MORE_ROWS
    ),
    "labels that are NaN": _put(
        df__block1_items=lambda arrays: np.array([b"label"]),
        df__block1_values=lambda arrays: np.nan * _MORE_ROWS[:-1],
    ),
    "names without values": _put(df__block1_items=lambda arrays: np.array([b"label"])),
}
OF_PARTICLES: dict[str, Change] = {
    "a label of a half": _put(
        df__block0_values=lambda arrays: np.hstack([arrays["df/block0_values"], 0.5 * _MORE_ROWS[:-1]])
    ),
    "a label": _put(
        df__block0_values=lambda arrays: np.hstack([arrays["df/block0_values"], _MORE_ROWS[:-1]])
    ),
    "two labels": _put(
        df__block0_values=lambda arrays: np.hstack([arrays["df/block0_values"], *[_MORE_ROWS[:-1]] * 2])
    ),
    "no particle": _put(df__block0_values=lambda arrays: 0 * arrays["df/block0_values"]),
}


def _momenta(random: Random) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two jets back to back: pt, eta, phi (n_events, 2)."""
    pt = 400 + random.exponential(200, N_EVENTS)
    phi = random.uniform(0, 3, N_EVENTS)
    return (
        np.stack([pt, pt - 5], axis=1),
        random.normal(0, 0.5, (N_EVENTS, 2)),
        np.stack([phi, phi - 3.1], axis=1),
    )


def _case(random: Random) -> Arrays:
    pt, eta, phi = _momenta(random)
    jets = np.stack([pt, eta, phi, np.full_like(pt, 50)], axis=2)
    mjj = np.sqrt(2 * pt.prod(axis=1) * (np.cosh(np.diff(eta)) - np.cos(np.diff(phi)))[:, 0])
    kinematics = np.column_stack(
        [1.01 * mjj, np.diff(eta)[:, 0], jets.reshape(N_EVENTS, 8), np.zeros((N_EVENTS, 4))]
    )
    info = np.column_stack([np.arange(1, N_EVENTS + 1), *[np.zeros(N_EVENTS)] * 2, np.ones(N_EVENTS)])
    return {
        "jet_kinematics": kinematics,
        "jet1_extraInfo": random.uniform(0, 1, (N_EVENTS, 7)),
        "jet2_extraInfo": random.uniform(0, 1, (N_EVENTS, 7)),
        "truth_label": np.ones((N_EVENTS, 1)),
        "event_info": np.column_stack([info, *[np.ones(N_EVENTS)] * 4]),
    }


def _features(random: Random) -> Arrays:
    pt, eta, phi = _momenta(random)
    ones = np.ones_like(pt)
    jets = np.stack(
        [
            pt * np.cos(phi),
            pt * np.sin(phi),
            pt * np.sinh(eta),
            90 * ones,
            0.5 * ones,
            0.3 * ones,
            0.2 * ones,
        ],
        axis=2,
    )
    names = [f"{name}j{jet}" for jet in (1, 2) for name in ("px", "py", "pz", "m", "tau1", "tau2", "tau3")]
    return {"df/block0_items": np.array(names, "S"), "df/block0_values": jets.reshape(N_EVENTS, 14)}


def _particles(random: Random) -> Arrays:
    pt, eta, phi = _momenta(random)
    values = np.zeros((N_EVENTS, 700, 3))
    for jet in (0, 1):
        for place, what in enumerate((pt, eta, phi)):
            values[:, jet, place] = what[:, jet]
    return {"df/block0_items": np.arange(2100), "df/block0_values": values.reshape(N_EVENTS, 2100)}


def _hdf5(healthy: Callable[[Random], Arrays], change: Change, folder: Path, random: Random) -> list[str]:
    with h5py.File(folder / "a.h5", "w") as file:
        for name, values in change(healthy(random), random).items():
            if values is None:
                file.create_group(name)
            else:
                file[name] = values
    return CONVERT


def converted(folder: Path) -> Any:
    return uproot.open(folder / "b.root")["Events"].arrays()


def assert_momenta(events: Any, pt: np.ndarray) -> None:
    """Jets with momentum, the hardest first."""
    expected = ak.Array([sorted((value for value in row if value > 0), reverse=True) for row in pt.tolist()])
    assert ak.num(events["jet_pt"]).to_list() == ak.num(expected).to_list()
    np.testing.assert_allclose(ak.flatten(events["jet_pt"]), ak.flatten(expected), rtol=5e-3)


def _as_case(folder: Path) -> None:
    events = converted(folder)
    with h5py.File(folder / "a.h5") as file:
        kinematics = file["jet_kinematics"][:].astype(float)
        info = file["event_info"][:]
        weight = info[:, 3] * (file["sys_weights"][:, 0] if "sys_weights" in file else 1)
        assert events["truth_label"].to_list() == file["truth_label"][:].reshape(-1).tolist()
    assert events["event"].to_list() == info[:, 0].tolist()
    assert events["run"].to_list() == info[:, 5].tolist()
    assert events["weight"].to_list() == weight.tolist()
    assert_momenta(events, kinematics[:, [2, 6, 10] if kinematics.shape[1] >= 14 else [2, 6]])  # noqa: PLR2004


def _as_features(folder: Path) -> None:
    events = converted(folder)
    with h5py.File(folder / "a.h5") as file:
        names = file["df/block0_items"][:].tolist()
        values = file["df/block0_values"][:].astype(float)
        if "df/block1_items" in file:
            assert events["truth_label"].to_list() == file["df/block1_values"][:, 0].tolist()
    px, py = (
        np.stack([values[:, names.index(f"{name}j{jet}".encode())] for jet in (1, 2)], axis=1)
        for name in ("px", "py")
    )
    assert_momenta(events, np.hypot(px, py))


def _as_particles(folder: Path) -> None:
    events = converted(folder)
    with h5py.File(folder / "a.h5") as file:
        values = file["df/block0_values"][:].astype(float)
    pt = values[:, :2100].reshape(len(values), 700, 3)[:, :2, 0]
    selected = np.count_nonzero(pt > 30, axis=1) == 2  # noqa: PLR2004
    assert events["event"].to_list() == np.flatnonzero(selected).tolist()
    assert_momenta(events, pt[selected])
    if values.shape[1] > 2100:  # noqa: PLR2004
        assert events["truth_label"].to_list() == values[selected, 2100].tolist()
