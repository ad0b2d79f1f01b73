"""Healthy files of events, what their selection gives by uproot and numpy, and changes of their columns."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot

from tests.robustness.case import Random
from tests.robustness.probe_search import DELTA_ETA_MAX, JET_ETA_MAX, JET_PT_MIN, MJJ_MIN

Columns = dict[str, Any]
Change = Callable[[Columns, Random], Columns]
Write = Callable[..., None]

JETS = ("FatJet_pt", "FatJet_eta", "FatJet_phi", "FatJet_mass", "FatJet_msoftdrop")
NUMBERS = ("run", "luminosityBlock", "event")
TRIGGER, FILTER = "HLT_PFHT1050", "Flag_goodVertices"
N_EVENTS = 60


def healthy(random: Random, first: int = 1) -> Columns:
    """Events as NanoAOD has them; about a third pass the selection of the probe."""
    of_event = random.integers(0, 6, N_EVENTS)
    n_jets = int(of_event.sum())
    flat = {
        "FatJet_pt": 200 + random.exponential(200, n_jets),
        "FatJet_eta": random.normal(0, 1, n_jets),
        "FatJet_phi": random.uniform(-3.1, 3.1, n_jets),
        "FatJet_mass": random.exponential(80, n_jets),
        "FatJet_msoftdrop": random.exponential(60, n_jets),
    }
    jagged = {name: ak.unflatten(values.astype(np.float32), of_event) for name, values in flat.items()}
    return {
        "run": np.ones(N_EVENTS, np.uint32),
        "luminosityBlock": np.arange(N_EVENTS, dtype=np.uint32) // 10 + 1,
        "event": np.arange(first, first + N_EVENTS, dtype=np.uint64),
        **jagged,
        "FatJet_jetId": ak.unflatten(random.integers(0, 8, n_jets, np.int32), of_event),
        TRIGGER: random.random(N_EVENTS) < 0.9,
        FILTER: random.random(N_EVENTS) < 0.9,
    }


def write_tree(path: Path, columns: Columns, tree: str = "Events") -> None:
    """Write a TTree."""
    with uproot.recreate(path) as file:
        file.mktree(tree, {name: _kind(values) for name, values in columns.items()})
        if len(next(iter(columns.values()), [])):
            file[tree].extend(columns)


def write_tuple(path: Path, columns: Columns, tree: str = "Events") -> None:
    """Write an RNTuple."""
    with uproot.recreate(path) as file:
        file.mkrntuple(tree, columns)


WRITERS: Mapping[str, Write] = {"tree": write_tree, "tuple": write_tuple}


def counts(columns: Columns) -> list[int]:
    """Events of these columns that pass each cut of the probe, by numpy."""
    jets = ak.zip({name: columns[name] for name in (*JETS, "FatJet_jetId")})
    finite = [ak.all(np.isfinite(columns[name]), axis=1) for name in JETS]
    jets = jets[(jets.FatJet_pt > JET_PT_MIN) & (abs(jets.FatJet_eta) < JET_ETA_MAX)]
    jets = jets[(jets.FatJet_jetId & 2) != 0]
    jets = jets[ak.argsort(jets.FatJet_pt, ascending=False, stable=True)]
    one, two = (ak.to_numpy(ak.fill_none(ak.pad_none(jets, 2)[:, i], _nothing(jets))) for i in (0, 1))
    passed = np.ones(len(jets), bool)
    found = [len(jets)]
    for cut in (
        np.asarray(columns[TRIGGER], bool),
        np.asarray(columns[FILTER], bool),
        np.all([ak.to_numpy(one) for one in finite], axis=0),
        ak.to_numpy(ak.num(jets) >= 2),
        _mass(one, two) > MJJ_MIN,
        np.abs(one["FatJet_eta"] - two["FatJet_eta"]) < DELTA_ETA_MAX,
    ):
        passed &= cut
        found.append(int(passed.sum()))
    return found


def configuration(
    folder: Path, files: Sequence[str], jet_mass: str = "soft_drop", **sample: Any
) -> list[str]:
    """A configuration of the probe that reads these files, and the command that selects their events."""
    described = {"role": "data", "files": list(files)} | sample
    stored = {"search": "tests.robustness.probe_search", "data": "mine", "samples": {"mine": described}}
    stored["jet_mass"] = jet_mass
    (folder / "probe.yaml").write_text(json.dumps(stored))
    return ["select", "--config", "probe.yaml", "--output", "out", "--threads", "1"]


def valid(folder: Path) -> list[str]:
    """A healthy file, and the command that selects its events."""
    write_tree(folder / "events.root", healthy(np.random.default_rng(1)))
    return configuration(folder, ["events.root"])


def as_uproot(folder: Path) -> None:
    """The cutflow is what uproot and numpy count in the same files, or in the file before it was damaged."""
    found = found_by_us(folder)
    allowed = []
    if (folder / "whole.json").exists():
        allowed.append(json.loads((folder / "whole.json").read_text()))
    try:
        allowed.append(_read_by_uproot(folder))
    except Exception as error:
        assert allowed, f"{found}, but uproot cannot read it: {error!r}"
    assert found in allowed


def of_sample(folder: Path) -> dict[str, Any]:
    """What the configuration says of its sample."""
    described: dict[str, Any] = json.loads((folder / "probe.yaml").read_text())["samples"]["mine"]
    return described


def found_by_us(folder: Path) -> list[int]:
    """Events after each cut, as the select stage has stored them."""
    (stored,) = (folder / "out" / "stages").glob("select-mine-*/cutflow.json")
    return [cut["events"] for cut in json.loads(stored.read_text())["cutflow"]["cuts"]]


def _read_by_uproot(folder: Path) -> list[int]:
    sample = of_sample(folder)
    total = np.zeros(7, int)
    for name in sample["files"]:
        with uproot.open(folder / name) as file:
            (events,) = (file[key] for key, kind in file.classnames().items() if kind in TREE_KINDS)
            columns = {key: events[key].array() for key in (*JETS, "FatJet_jetId")}
            for key, absent in ((TRIGGER, False), (FILTER, True)):  # of other files
                there = key in events.keys()  # noqa: SIM118
                columns[key] = events[key].array() if there else np.full(len(columns[JETS[0]]), absent)
        total += counts(columns)
    return total.tolist()


TREE_KINDS = ("TTree", "ROOT::RNTuple")


def _nothing(jets: ak.Array) -> ak.Record:
    return ak.Record(dict.fromkeys(ak.fields(jets), np.nan) | {"FatJet_jetId": 0})


def _mass(one: Any, two: Any) -> np.ndarray:
    """Invariant mass of two jets."""
    total = np.zeros((4, len(one)))
    for jet in (one, two):
        pt, eta, phi, mass = (jet[f"FatJet_{name}"].astype(float) for name in ("pt", "eta", "phi", "mass"))
        momentum = np.array([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)])
        total += np.array([np.sqrt((momentum**2).sum(axis=0) + mass**2), *momentum])
    with np.errstate(invalid="ignore"):
        return np.sqrt(total[0] ** 2 - (total[1:] ** 2).sum(axis=0))


def _kind(values: Any) -> Any:
    if isinstance(values, np.ndarray):
        return values.dtype
    inner = ak.type(values).content
    return f"var * {inner.content}" if hasattr(inner, "content") else str(inner)


def without(name: str, columns: Columns, random: Random) -> Columns:
    return {other: values for other, values in columns.items() if other != name}


def renamed(name: str, columns: Columns, random: Random) -> Columns:
    return {other if other != name else f"{name}s": values for other, values in columns.items()}


def single(name: str, columns: Columns, random: Random) -> Columns:
    """One number an event in place of one for each jet."""
    return {**columns, name: np.full(N_EVENTS, 400, "i4" if name == "FatJet_jetId" else "f4")}


def shorter(name: str, columns: Columns, random: Random) -> Columns:
    return {**columns, name: columns[name][:, :-1]}


def longer(name: str, columns: Columns, random: Random) -> Columns:
    return {**columns, name: ak.concatenate([columns[name], columns[name][:, :1]], axis=1)}


def as_type(name: str, kind: str, columns: Columns, random: Random) -> Columns:
    values = columns[name]
    new = values.astype(kind) if isinstance(values, np.ndarray) else ak.values_astype(values, np.dtype(kind))
    return {**columns, name: new}


def with_value(name: str, value: float, columns: Columns, random: Random) -> Columns:
    """A tenth of the jets have an impossible value."""
    flat = ak.to_numpy(ak.flatten(columns[name])).copy()
    flat[random.random(len(flat)) < 0.1] = value
    return {**columns, name: ak.unflatten(flat, ak.num(columns[name]))}
