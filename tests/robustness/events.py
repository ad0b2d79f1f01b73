"""Event files as TTree and as RNTuple: wrong structures, wrong values, damaged bytes, wrong company."""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot

from tests.robustness.case import Case, Make, Random
from tests.robustness.damage import WHOLE, Damage, flipped, overwritten, truncated
from tests.robustness.probe_search import DELTA_ETA_MAX, JET_ETA_MAX, JET_PT_MIN, MJJ_MIN

Columns = dict[str, Any]
Change = Callable[[Columns, Random], Columns]
Write = Callable[[Path, Columns], None]

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
    jets = jets[(jets.FatJet_pt > JET_PT_MIN) & (abs(jets.FatJet_eta) < JET_ETA_MAX)]
    jets = jets[(jets.FatJet_jetId & 2) != 0]
    jets = jets[ak.argsort(jets.FatJet_pt, ascending=False, stable=True)]
    one, two = (ak.to_numpy(ak.fill_none(ak.pad_none(jets, 2)[:, i], _nothing(jets))) for i in (0, 1))
    passed = np.ones(len(jets), bool)
    found = [len(jets)]
    for cut in (
        np.asarray(columns[TRIGGER], bool),
        np.asarray(columns[FILTER], bool),
        ak.to_numpy(ak.num(jets) >= 2),
        _mass(one, two) > MJJ_MIN,
        np.abs(one["FatJet_eta"] - two["FatJet_eta"]) < DELTA_ETA_MAX,
    ):
        passed &= cut
        found.append(int(passed.sum()))
    return found


def configuration(folder: Path, files: Sequence[str], **sample: Any) -> list[str]:
    """A configuration of the probe that reads these files, and the command that selects their events."""
    described = {"role": "data", "files": list(files)} | sample
    stored = {"search": "tests.robustness.probe_search", "data": "mine", "samples": {"mine": described}}
    (folder / "probe.yaml").write_text(json.dumps(stored))
    return ["select", "--config", "probe.yaml", "--output", "out", "--threads", "1"]


def valid(folder: Path) -> list[str]:
    """A healthy file, and the command that selects its events."""
    write_tree(folder / "events.root", healthy(np.random.default_rng(1)))
    return configuration(folder, ["events.root"])


def cases() -> list[Case]:
    """All of them."""
    return [*_structures(), *_bytes(), *_company(), *_places()]


def _structures() -> list[Case]:
    """One file whose columns are not what they should be."""
    changes: dict[str, Change] = {
        **{f"without {name}": partial(_without, name) for name in (*NUMBERS, *JETS, "FatJet_jetId")},
        **{f"misspelt {name}": partial(_renamed, name) for name in ("event", "FatJet_pt", TRIGGER, FILTER)},
        **{f"{name} as numbers": partial(_single, name) for name in (*JETS, "FatJet_jetId")},
        **{f"fewer {name}": partial(_shorter, name) for name in (*JETS, "FatJet_jetId")},
        **{f"more {name}": partial(_longer, name) for name in (*JETS, "FatJet_jetId")},
        **{f"{name} as {kind}": partial(_as_type, name, kind) for name in JETS[:2] for kind in TYPES},
        **{f"jetId as {kind}": partial(_as_type, "FatJet_jetId", kind) for kind in TYPES},
        **{f"event as {kind}": partial(_as_type, "event", kind) for kind in ("i4", "i8", "f8", "u2")},
        **{f"trigger as {kind}": partial(_as_type, TRIGGER, kind) for kind in ("i4", "f4", "u1")},
        **{
            f"{name} {word}": partial(_with_value, name, value)
            for name in JETS
            for word, value in (("NaN", np.nan), ("infinite", np.inf), ("negative", -1e30), ("huge", 3e38))
        },
        "no events": lambda columns, random: {name: values[:0] for name, values in columns.items()},
        "no jets": lambda columns, random: {
            name: ak.Array([[]] * N_EVENTS) if name.startswith("FatJet") else values
            for name, values in columns.items()
        },
        "one event": lambda columns, random: {name: values[:1] for name, values in columns.items()},
        "event numbers zero": lambda columns, random: {
            **columns,
            **{name: np.zeros_like(columns[name]) for name in NUMBERS},
        },
        "every event twice": lambda columns, random: {
            name: ak.concatenate([values, values]) for name, values in columns.items()
        },
        "NaN weights": lambda columns, random: {**columns, "genWeight": np.full(N_EVENTS, np.nan, "f4")},
        "text beside": lambda columns, random: {**columns, "note": ak.Array(["?"] * N_EVENTS)},
        "arrays in arrays": lambda columns, random: {
            **columns,
            "FatJet_pt": ak.unflatten(ak.unflatten(np.ones(4 * N_EVENTS, "f4"), 2), 2),
        },
    }
    only_tuples = {"arrays in arrays", "text beside"}  # uproot writes no such branches
    return [
        Case(f"events {kind}, {name}", partial(_changed, WRITERS[kind], change), _as_uproot)
        for name, change in changes.items()
        for kind in WRITERS
        if kind == "tuple" or name not in only_tuples
    ]


TYPES = ("f8", "i4", "u1", "?", "i8")


def _bytes() -> list[Case]:
    """A healthy file whose bytes are damaged."""
    partly: dict[str, Damage] = {
        **{f"first {part:.0%}": truncated(part) for part in (0.001, 0.01, 0.1, 0.5, 0.9, 0.99)},
        **{f"flip in the header {n}": flipped(0, 0.01) for n in range(4)},
        **{f"flip in a quarter {n}": flipped(n % 4 / 4, n % 4 / 4 + 0.25) for n in range(16)},
        **{f"many flips {n}": flipped(0.02, 1, 30) for n in range(6)},
        **{f"zeros {n}": overwritten(0.01, 0.95, 64, 0) for n in range(4)},
        **{f"garbage {n}": overwritten(0.01, 0.95, 64) for n in range(4)},
    }
    return [
        Case(f"bytes of a {kind}, {name}", partial(_damaged, WRITERS[kind], damage), _as_uproot)
        for name, damage in {**WHOLE, **partly}.items()
        for kind in WRITERS
    ]


def _company() -> list[Case]:
    """Two files that do not belong together, in both orders."""
    changes: dict[str, Change] = {
        "healthy": lambda columns, random: columns,
        "without FatJet_mass": partial(_without, "FatJet_mass"),
        "without the trigger": partial(_without, TRIGGER),
        "double FatJet_pt": partial(_as_type, "FatJet_pt", "f8"),
        "jetId of bytes": partial(_as_type, "FatJet_jetId", "u1"),
        "single jetId": partial(_single, "FatJet_jetId"),
        "single FatJet_pt": partial(_single, "FatJet_pt"),
        "with genWeight": lambda columns, random: {**columns, "genWeight": np.ones(N_EVENTS, "f4")},
        "no events": lambda columns, random: {name: values[:0] for name, values in columns.items()},
    }
    makes: dict[str, Make] = {
        f"a {kind} {name}, {order}": partial(_pair, WRITERS[kind], change, order)
        for kind in WRITERS
        for name, change in changes.items()
        for order in ("behind", "before")
    }
    makes["a tree and a tuple"] = _both_kinds
    makes["the same file twice"] = lambda folder, random: (valid(folder), _again(folder, "events.root"))[1]
    makes["a copy"] = _copy
    makes["a link"] = _link
    return [Case(f"company, {name}", make, _as_uproot) for name, make in makes.items()]


def _places() -> list[Case]:
    """Paths that name no file of events."""
    places: dict[str, Callable[[Path], Any]] = {
        "nothing": lambda path: None,
        "a folder": lambda path: path.mkdir(),
        "a pipe": os.mkfifo,
        "a link to nothing": lambda path: path.symlink_to("nowhere"),
        "a link to itself": lambda path: path.symlink_to(path.name),
        "the wrong tree": lambda path: write_tree(path, healthy(np.random.default_rng(1)), "Runs"),
        "a tree in a folder": lambda path: write_tree(path, healthy(np.random.default_rng(1)), "a/Events"),
        "no tree": lambda path: uproot.recreate(path).close(),
        "a histogram": _histogram,
        "unknown columns": lambda path: write_tree(path, {"x": np.arange(5.0)}),
    }
    names = ("a/../../b.root", "x[1].root", "x?.root", "x*.root", "root://nowhere//x.root", "é\n.root", "")
    odd = [
        Case(f"place, the name {name!r}", lambda folder, random, name=name: configuration(folder, [name]))
        for name in names
    ]
    return odd + [
        Case(f"place, {name}", partial(_at_place, make), None if name != "the wrong tree" else _as_uproot)
        for name, make in places.items()
    ]


def _changed(write: Write, change: Change, folder: Path, random: Random) -> list[str]:
    write(folder / "events.root", change(healthy(random), random))
    return configuration(folder, ["events.root"])


def _damaged(write: Write, damage: Damage, folder: Path, random: Random) -> list[str]:
    columns = healthy(random)
    write(folder / "events.root", columns)
    whole = (folder / "events.root").read_bytes()
    (folder / "events.root").write_bytes(damage(whole, random))
    (folder / "whole.json").write_text(json.dumps(counts(columns)))
    return configuration(folder, ["events.root"])


def _pair(write: Write, change: Change, order: str, folder: Path, random: Random) -> list[str]:
    write(folder / "a.root", healthy(random))
    write(folder / "b.root", change(healthy(random, first=1001), random))
    return configuration(folder, ["a.root", "b.root"] if order == "behind" else ["b.root", "a.root"])


def _both_kinds(folder: Path, random: Random) -> list[str]:
    write_tree(folder / "a.root", healthy(random))
    write_tuple(folder / "b.root", healthy(random, first=1001))
    return configuration(folder, ["a.root", "b.root"])


def _again(folder: Path, other: str) -> list[str]:
    return configuration(folder, ["events.root", other])


def _copy(folder: Path, random: Random) -> list[str]:
    valid(folder)
    shutil.copy(folder / "events.root", folder / "copy.root")
    return _again(folder, "copy.root")


def _link(folder: Path, random: Random) -> list[str]:
    valid(folder)
    (folder / "link.root").symlink_to("events.root")
    return _again(folder, "link.root")


def _at_place(make: Callable[[Path], Any], folder: Path, random: Random) -> list[str]:
    make(folder / "events.root")
    return configuration(folder, ["events.root"])


def _histogram(path: Path) -> None:
    with uproot.recreate(path) as file:
        file["Events"] = np.histogram(np.arange(5.0))


def _as_uproot(folder: Path) -> None:
    """The cutflow is what uproot and numpy count in the same files, or in the file before it was damaged."""
    (stored,) = (folder / "out" / "stages").glob("select-mine-*/cutflow.json")
    found = [cut["events"] for cut in json.loads(stored.read_text())["cutflow"]["cuts"]]
    allowed = []
    if (folder / "whole.json").exists():
        allowed.append(json.loads((folder / "whole.json").read_text()))
    try:
        allowed.append(_read_by_uproot(folder))
    except Exception as error:
        assert allowed, f"{found}, but uproot cannot read it: {error!r}"
    assert found in allowed


def _read_by_uproot(folder: Path) -> list[int]:
    sample = json.loads((folder / "probe.yaml").read_text())["samples"]["mine"]
    total = np.zeros(6, int)
    for name in sample["files"]:
        with uproot.open(folder / name) as file:
            (events,) = (file[key] for key, kind in file.classnames().items() if kind in TREE_KINDS)
            columns = {key: events[key].array() for key in (*JETS, "FatJet_jetId", TRIGGER, FILTER)}
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


def _without(name: str, columns: Columns, random: Random) -> Columns:
    return {other: values for other, values in columns.items() if other != name}


def _renamed(name: str, columns: Columns, random: Random) -> Columns:
    return {other if other != name else f"{name}s": values for other, values in columns.items()}


def _single(name: str, columns: Columns, random: Random) -> Columns:
    """One number an event in place of one for each jet."""
    return {**columns, name: np.full(N_EVENTS, 400, "i4" if name == "FatJet_jetId" else "f4")}


def _shorter(name: str, columns: Columns, random: Random) -> Columns:
    return {**columns, name: columns[name][:, :-1]}


def _longer(name: str, columns: Columns, random: Random) -> Columns:
    return {**columns, name: ak.concatenate([columns[name], columns[name][:, :1]], axis=1)}


def _as_type(name: str, kind: str, columns: Columns, random: Random) -> Columns:
    values = columns[name]
    new = values.astype(kind) if isinstance(values, np.ndarray) else ak.values_astype(values, np.dtype(kind))
    return {**columns, name: new}


def _with_value(name: str, value: float, columns: Columns, random: Random) -> Columns:
    """A tenth of the jets have an impossible value."""
    flat = ak.to_numpy(ak.flatten(columns[name])).copy()
    flat[random.random(len(flat)) < 0.1] = value
    return {**columns, name: ak.unflatten(flat, ak.num(columns[name]))}
