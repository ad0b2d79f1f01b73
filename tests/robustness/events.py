"""Event files as TTree and as RNTuple: wrong structures, wrong values, damaged bytes, wrong company."""

import json
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot

from tests.robustness.case import Case, Make, Random
from tests.robustness.damage import WHOLE, Damage, flipped, overwritten, truncated
from tests.robustness.event_files import (
    FILTER,
    JETS,
    N_EVENTS,
    NUMBERS,
    TRIGGER,
    WRITERS,
    Change,
    Write,
    as_type,
    as_uproot,
    configuration,
    counts,
    healthy,
    longer,
    renamed,
    shorter,
    single,
    valid,
    with_value,
    without,
    write_tree,
    write_tuple,
)

TYPES = ("f8", "i4", "u1", "?", "i8")


def cases() -> list[Case]:
    """All of them."""
    return [*_structures(), *_bytes(), *_company(), *_places()]


def _structures() -> list[Case]:
    """One file whose columns are not what they should be."""
    changes: dict[str, Change] = {
        **{f"without {name}": partial(without, name) for name in (*NUMBERS, *JETS, "FatJet_jetId")},
        **{f"misspelt {name}": partial(renamed, name) for name in ("event", "FatJet_pt", TRIGGER, FILTER)},
        **{f"{name} as numbers": partial(single, name) for name in (*JETS, "FatJet_jetId")},
        **{f"fewer {name}": partial(shorter, name) for name in (*JETS, "FatJet_jetId")},
        **{f"more {name}": partial(longer, name) for name in (*JETS, "FatJet_jetId")},
        **{f"{name} as {kind}": partial(as_type, name, kind) for name in JETS[:2] for kind in TYPES},
        **{f"jetId as {kind}": partial(as_type, "FatJet_jetId", kind) for kind in TYPES},
        **{f"event as {kind}": partial(as_type, "event", kind) for kind in ("i4", "i8", "f8", "u2")},
        **{f"trigger as {kind}": partial(as_type, TRIGGER, kind) for kind in ("i4", "f4", "u1")},
        **{
            f"{name} {word}": partial(with_value, name, value)
            for name in JETS
            for word, value in (("NaN", np.nan), ("infinite", np.inf), ("negative", -1), ("huge", 1e6))
        },
        "no events": lambda columns, random: {name: values[:0] for name, values in columns.items()},
        "no jets": lambda columns, random: {
            name: values[:, :0] if name.startswith("FatJet") else values for name, values in columns.items()
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
        Case(f"events {kind}, {name}", partial(_changed, WRITERS[kind], change), as_uproot)
        for name, change in changes.items()
        for kind in WRITERS
        if kind == "tuple" or name not in only_tuples
    ]


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
        Case(f"bytes of a {kind}, {name}", partial(_damaged, WRITERS[kind], damage), as_uproot)
        for name, damage in {**WHOLE, **partly}.items()
        for kind in WRITERS
    ]


def _company() -> list[Case]:
    """Two files that do not belong together, in both orders."""
    changes: dict[str, Change] = {
        "healthy": lambda columns, random: columns,
        "without FatJet_mass": partial(without, "FatJet_mass"),
        "without the trigger": partial(without, TRIGGER),
        "double FatJet_pt": partial(as_type, "FatJet_pt", "f8"),
        "jetId of bytes": partial(as_type, "FatJet_jetId", "u1"),
        "single jetId": partial(single, "FatJet_jetId"),
        "single FatJet_pt": partial(single, "FatJet_pt"),
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
    return [Case(f"company, {name}", make, as_uproot) for name, make in makes.items()]


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
        Case(f"place, {name}", partial(_at_place, make), None if name != "the wrong tree" else as_uproot)
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
