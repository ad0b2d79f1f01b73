"""Files of ours that `convert` makes into those of CASE and of CATHODE: other columns, numbers and bytes."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import awkward as ak
import h5py
import numpy as np

from tests.robustness.case import Case, Random, Right
from tests.robustness.damage import WHOLE, Damage, flipped, overwritten, truncated
from tests.robustness.event_files import Columns, write_tree, write_tuple

N_EVENTS = 20
JETS = ("pt", "eta", "phi", "mass", "softdrop_mass", "tau1", "tau2", "tau3", "tau4", "lsf3", "b_tag")
OF_DIJETS = ("mjj", "jet1_softdrop_mass", "jet2_softdrop_mass", "jet1_tau21", "jet2_tau21")
Change = Callable[[Columns], Columns]


def cases() -> list[Case]:
    """All of them."""
    targets: list[tuple[str, Callable[[Random], Columns], tuple[str, ...], Right]] = [
        ("h5", _of_jets, tuple(f"jet_{name}" for name in JETS), _as_case),
        ("npy", _of_dijets, OF_DIJETS, _as_cathode),
    ]
    damages: dict[str, Damage] = {
        **{name: damage for name, damage in WHOLE.items() if name != "shifted"},
        **{f"first {part:.0%}": truncated(part) for part in (0.1, 0.5, 0.99)},
        **{f"flip {n}": flipped(n / 6, (n + 1) / 6) for n in range(6)},
        "garbage": overwritten(0.01, 0.95, 64),
    }
    return [
        case
        for suffix, healthy, columns, right in targets
        for case in (
            *(
                Case(
                    f"to {suffix} of a {kind}, {what}",
                    partial(_changed, suffix, kind, healthy, change),
                    right,
                )
                for what, change in _changes(columns).items()
                for kind in ("tree", "tuple")
            ),
            *(
                Case(f"to {suffix} of bytes, {what}", partial(_damaged, suffix, healthy, damage), right)
                for what, damage in damages.items()
            ),
        )
    ]


def _of_event(random: Random) -> Columns:
    return {
        "run": np.ones(N_EVENTS, "u4"),
        "luminosity_block": np.ones(N_EVENTS, "u4"),
        "event": np.arange(1, N_EVENTS + 1, dtype="u8"),
        "weight": random.uniform(0.5, 1, N_EVENTS).astype("f4"),
        "truth_label": np.arange(N_EVENTS, dtype="i4") % 2,
    }


def _of_jets(random: Random) -> Columns:
    counts = random.integers(1, 5, N_EVENTS)
    n_jets = int(counts.sum())
    columns = {f"jet_{name}": random.uniform(0.1, 1, n_jets).astype("f4") for name in JETS}
    columns["jet_n_constituents"] = random.integers(1, 90, n_jets, "i4")
    for name in ("pt", "mass", "softdrop_mass"):
        columns[f"jet_{name}"] *= 500
    ordered = {name: ak.unflatten(values, counts) for name, values in columns.items()}
    ordered["jet_pt"] = ak.values_astype(ak.sort(ordered["jet_pt"], ascending=False), "f4")
    return _of_event(random) | ordered


def _of_dijets(random: Random) -> Columns:
    columns = {name: random.uniform(0.1, 1, N_EVENTS).astype("f4") for name in OF_DIJETS}
    return _of_event(random) | columns | {"mjj": (3000 * columns["mjj"]).astype("f4")}


def _changes(columns: tuple[str, ...]) -> dict[str, Change]:
    named = ("event", "weight", "truth_label", *columns)

    def put(name: str, change: Callable[[Any], Any], healthy: Columns) -> Columns:
        return healthy | {name: change(healthy[name])}

    def value(wrong: float, values: Any) -> Any:
        flat = np.array(ak.flatten(values, axis=None), "f4")
        flat[::7] = wrong
        return ak.unflatten(flat, ak.num(values)) if ak.Array(values).ndim > 1 else flat

    return {
        "healthy": lambda healthy: healthy,
        **{
            f"without {name}": lambda healthy, name=name: {n: v for n, v in healthy.items() if n != name}
            for name in named
        },
        **{
            f"{name} {word}": partial(put, name, partial(value, wrong))
            for name in (columns[0], columns[-1], "weight")
            for word, wrong in (("NaN", np.nan), ("infinite", np.inf), ("negative", -1.0), ("huge", 1e30))
        },
        f"{columns[1]} as numbers": partial(put, columns[1], lambda values: np.ones(N_EVENTS, "f4")),
        f"{columns[1]} as lists": partial(
            put, columns[1], lambda v: ak.unflatten(np.ones(N_EVENTS), [1] * N_EVENTS)
        ),
        f"{columns[1]} as doubles": partial(put, columns[1], lambda values: ak.values_astype(values, "f8")),
        f"{columns[1]} as whole numbers": partial(
            put, columns[1], lambda values: ak.values_astype(values, "i4")
        ),
        "event as lists": partial(put, "event", lambda values: ak.unflatten(values, [1] * N_EVENTS)),
        "event of a half": partial(put, "event", lambda values: values + 0.5),
        "event below zero": partial(put, "event", lambda values: -values.astype("i8")),
        "events twice": partial(put, "event", np.ones_like),
        "labels of a half": partial(put, "truth_label", lambda values: values + 0.5),
        "labels of many": partial(put, "truth_label", lambda values: values + 1000),
        "no events": lambda healthy: {name: values[:0] for name, values in healthy.items()},
        **(
            {
                "fewer eta": partial(put, "jet_eta", lambda values: values[:, :-1]),
                "more eta": partial(put, "jet_eta", lambda v: ak.concatenate([v, v[:, :1]], axis=1)),
                "no jets": lambda healthy: {
                    name: values[:, :0] if name.startswith("jet") else values
                    for name, values in healthy.items()
                },
                "jets in disorder": partial(put, "jet_pt", lambda values: values[:, ::-1]),
            }
            if "jet_eta" in columns
            else {}
        ),
    }


WRITE: Mapping[str, Callable[..., None]] = {"tree": write_tree, "tuple": write_tuple}


def _changed(
    suffix: str, kind: str, healthy: Callable[[Random], Columns], change: Change, folder: Path, random: Random
) -> list[str]:
    columns = change(healthy(random))
    WRITE[kind](folder / "a.root", columns)
    (folder / "read").mkdir()
    np.savez(folder / "read" / "a.npz", **{name: _padded(values) for name, values in columns.items()})
    return ["convert", "a.root", "--output", f"b.{suffix}"]


def _padded(values: Any) -> np.ndarray:
    """Numbers of events, or of their jets as a rectangle with NaN."""
    if ak.Array(values).ndim == 1:
        return np.asarray(values)
    padded = ak.pad_none(ak.values_astype(values, "f8"), 5, clip=True)
    return np.asarray(ak.to_numpy(ak.fill_none(padded, np.nan)))


def _damaged(
    suffix: str, healthy: Callable[[Random], Columns], damage: Damage, folder: Path, random: Random
) -> list[str]:
    arguments = _changed(suffix, "tree", healthy, lambda columns: columns, folder, random)
    whole = (folder / "a.root").read_bytes()
    (folder / "a.root").write_bytes(damage(whole, random))
    return arguments


def _as_case(folder: Path) -> None:
    """Two jets and more, the heavier of the two hardest first."""
    with np.load(folder / "read" / "a.npz") as stored, h5py.File(folder / "b.h5") as file:
        pt, mass = stored["jet_pt"][:, :3], stored["jet_softdrop_mass"]
        two = np.isfinite(pt[:, 1])
        assert np.isfinite(pt[:, 0]).all() and (pt[two, 0] >= pt[two, 1]).all()
        assert file["event_id"][:, 2].tolist() == stored["event"][two].tolist()
        assert file["truth_label"][:, 0].tolist() == stored["truth_label"][two].tolist()
        np.testing.assert_allclose(file["event_info"][:, 3], stored["weight"][two], rtol=1e-6)
        heavier = np.argmax(mass[two, :2], axis=1)
        kinematics, rows = file["jet_kinematics"][:], np.arange(int(two.sum()))
        np.testing.assert_allclose(kinematics[:, 2], pt[two][rows, heavier], rtol=1e-6)
        np.testing.assert_allclose(kinematics[:, 6], pt[two][rows, 1 - heavier], rtol=1e-6)
        np.testing.assert_allclose(kinematics[:, 10], np.nan_to_num(pt[two, 2]), rtol=1e-6)
        tau = stored["jet_tau1"][two]
        np.testing.assert_allclose(file["jet1_extraInfo"][:, 0], tau[rows, heavier], rtol=1e-6)
        for name in ("jet_kinematics", "event_info"):
            assert np.isfinite(file[name][:]).all(), name


def _as_cathode(folder: Path) -> None:
    with np.load(folder / "read" / "a.npz") as stored:
        rows = np.load(folder / "b.npy")
        masses = np.sort([stored["jet1_softdrop_mass"], stored["jet2_softdrop_mass"]], axis=0) / 1000
        np.testing.assert_allclose(rows[:, 0], stored["mjj"] / 1000, rtol=1e-6)
        np.testing.assert_allclose(
            rows[:, 1:3], np.stack([masses[0], masses[1] - masses[0]], axis=1), atol=1e-6
        )
        assert rows[:, -1].tolist() == stored["truth_label"].tolist()
        assert np.isfinite(rows).all()
