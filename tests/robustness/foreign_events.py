"""PHYSLITE, Delphes and flat n-tuples: columns that are not what they should be, and damaged bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot

from tests.robustness.case import Case, Random
from tests.robustness.damage import Damage, flipped, overwritten, truncated
from tests.robustness.event_files import (
    FILTER,
    JETS,
    N_EVENTS,
    TRIGGER,
    Change,
    Columns,
    Write,
    as_type,
    configuration,
    counts,
    found_by_us,
    healthy,
    longer,
    of_sample,
    renamed,
    shorter,
    single,
    with_value,
    without,
    write_tree,
    write_tuple,
)
from tests.robustness.root_writer import write_objects, write_vector_fields, write_vectors

MOMENTUM = ("FatJet_pt", "FatJet_eta", "FatJet_phi", "FatJet_mass")


@dataclass(frozen=True)
class Layout:
    """A format: its tree, its names of columns of NanoAOD, the factors of their units; and its sample."""

    tree: str
    names: Mapping[str, str]
    factors: Mapping[str, float] = field(default_factory=dict)
    sample: Mapping[str, Any] = field(default_factory=dict)
    write: Write = write_tree

    def theirs(self, columns: Columns) -> Columns:
        """Columns of NanoAOD as this format stores them; a column without a name there keeps its own.

        Delphes has a list of one number of the event.
        """
        event = columns.get("event")
        if self.tree == "Delphes" and event is not None and ak.Array(event).ndim == 1:
            columns = columns | {"event": ak.unflatten(event, np.ones(len(event), int))}
        return {
            self.names.get(name, name): _scaled(values, self.factors.get(name, 1.0))
            for name, values in columns.items()
        }


def _scaled(values: Any, factor: float) -> Any:
    if factor == 1:
        return values
    scaled = values * factor
    if isinstance(values, np.ndarray):
        return scaled.astype(values.dtype)
    return ak.values_astype(scaled, ak.flatten(values).layout.dtype)


_ATLAS, _EVENT = "AnalysisLargeRJetsAuxDyn", "EventInfoAuxDyn"
_PHYSLITE = {
    "run": f"{_EVENT}.runNumber",
    "luminosityBlock": f"{_EVENT}.lumiBlock",
    "event": f"{_EVENT}.eventNumber",
    FILTER: f"{_EVENT}.DFCommonJets_eventClean_LooseBad",
    **{f"FatJet_{name}": f"{_ATLAS}.{name}" for name in ("pt", "eta", "phi")},
    "FatJet_mass": f"{_ATLAS}.m",
}
_MEV = {"FatJet_pt": 1000.0, "FatJet_mass": 1000.0}
_OF_RNTUPLES = {name: theirs.replace(".", ":") for name, theirs in _PHYSLITE.items()}
_BRANCHES = {
    "run": "runNo",
    "event": "entry",
    "passes_filters": FILTER,
    "jet_pt": "fj_pt",
    "jet_eta": "fj_eta",
    "jet_phi": "fj_phi",
    "jet_mass": "fj_m",
    "jet_softdrop_mass": "fj_msd",
}
_FLAT = {"run": "runNo", "event": "entry", "FatJet_mass": "fj_m", "FatJet_msoftdrop": "fj_msd"}
_FLAT |= {name: name.replace("FatJet_", "fj_") for name in MOMENTUM[:3]}
_DELPHES = {"event": "Event.Number"} | dict(
    zip(MOMENTUM, ("FatJet.PT", "FatJet.Eta", "FatJet.Phi", "FatJet.Mass"), strict=True)
)
LAYOUTS = {
    "physlite tree": Layout("CollectionTree", _PHYSLITE, _MEV, {"triggers": []}),
    "physlite vectors": Layout("CollectionTree", _PHYSLITE, _MEV, {"triggers": []}, write_vectors),
    "physlite tuple": Layout("EventData", _OF_RNTUPLES, _MEV, {"triggers": []}, write_tuple),
    "physlite vector fields": Layout("EventData", _OF_RNTUPLES, _MEV, {"triggers": []}, write_vector_fields),
    "delphes": Layout("Delphes", _DELPHES | {"luminosityBlock": "Event"}, sample={"jet_mass": "plain"}),
    "delphes objects": Layout("Delphes", _DELPHES, sample={"jet_mass": "plain"}, write=write_objects),
    "flat": Layout(
        "mini", _FLAT, {"FatJet_pt": 1000.0}, {"branches": _BRANCHES, "factors": {"jet_pt": 0.001}}
    ),
}


def cases() -> list[Case]:
    """All of them."""
    changes: dict[str, Change] = {
        "healthy": lambda columns, random: columns,
        **{f"without {name}": partial(without, name) for name in ("event", *MOMENTUM)},
        **{f"misspelt {name}": partial(renamed, name) for name in ("event", "FatJet_pt")},
        **{f"{name} as numbers": partial(single, name) for name in MOMENTUM},
        **{f"fewer {name}": partial(shorter, name) for name in MOMENTUM},
        **{f"more {name}": partial(longer, name) for name in MOMENTUM},
        **{f"pt as {kind}": partial(as_type, "FatJet_pt", kind) for kind in ("f8", "i4", "?", "i8")},
        **{f"event as {kind}": partial(as_type, "event", kind) for kind in ("f4", "f8", "i4", "i8", "u2")},
        **{
            f"{name} {word}": partial(with_value, name, value)
            for name in MOMENTUM
            for word, value in (("NaN", np.nan), ("infinite", np.inf), ("negative", -1))
        },
        "lists of events": lambda columns, random: (
            columns | {"event": ak.unflatten(columns["event"], np.ones(N_EVENTS, int))}
        ),
        "no numbers of events": lambda columns, random: (
            columns | {"event": ak.unflatten(columns["event"], np.ones(N_EVENTS, int))[:, :0]}
        ),
        "no events": lambda columns, random: {name: values[:0] for name, values in columns.items()},
        "no jets": lambda columns, random: {
            name: values[:, :0] if name in JETS else values for name, values in columns.items()
        },
        "event numbers zero": lambda columns, random: {**columns, "event": np.zeros(N_EVENTS, "u8")},
        "every event twice": lambda columns, random: {
            name: ak.concatenate([values, values]) for name, values in columns.items()
        },
    }
    damages: dict[str, Damage] = {
        **{f"first {part:.0%}": truncated(part) for part in (0.1, 0.5, 0.99)},
        **{f"flip {n}": flipped(n / 6, (n + 1) / 6) for n in range(6)},
        "many flips": flipped(0.02, 1, 30),
        "garbage": overwritten(0.01, 0.95, 64),
    }
    return [
        *(
            Case(f"{name}, {what}", partial(_changed, layout, change), partial(_as_uproot, layout))
            for name, layout in LAYOUTS.items()
            for what, change in changes.items()
        ),
        *(
            Case(f"bytes of {name}, {what}", partial(_damaged, layout, damage), partial(_as_uproot, layout))
            for name, layout in LAYOUTS.items()
            for what, damage in damages.items()
        ),
        *_named(),
    ]


def _named() -> list[Case]:
    """What a user may say of a flat n-tuple."""
    pairs = {f"jet_{x}": [f"first_{x}", f"second_{x}"] for x in ("pt", "eta", "phi", "mass", "softdrop_mass")}
    own = {name: name for name in pairs}
    said: dict[str, dict[str, Any]] = {
        "one branch for each jet": {"branches": pairs},
        "a list beside one branch for each jet": {"branches": pairs | {"jet_eta": "jet_eta"}},
        "a list in place of a jet": {"branches": pairs | {"jet_eta": ["jet_eta", "second_eta"]}},
        "a number of an event for all jets": {"branches": pairs | {"jet_eta": ["first_eta"]}},
        "three jets in one column": {"branches": pairs | {"jet_eta": [*pairs["jet_eta"], "first_eta"]}},
        "masses exchanged": {
            "branches": own | {"jet_mass": "jet_softdrop_mass", "jet_softdrop_mass": "jet_mass"}
        },
        "one branch for two columns": {
            "branches": own | {"jet_softdrop_mass": "jet_mass"},
            "factors": {"jet_mass": 0.5, "jet_softdrop_mass": 0.5},
        },
        **{f"a factor of {text}": {"branches": own, "factors": {"jet_pt": text}} for text in (0, -1, "many")},
        "a list as weight": {"branches": own | {"weight": "jet_pt"}},
        "a weight that is NaN": {"branches": own | {"weight": "nothing"}},
        "a trigger that is a list": {"branches": own | {"passes_trigger": "jet_pt"}},
        "the wrong tree": {"branches": own, "tree": "nominal"},
        "code": {"branches": own | {"weight": 'gSystem->Exec("touch hacked")'}},
        "an empty name": {"branches": own | {"weight": ""}},
        "no branch": {"branches": own | {"weight": []}},
        "a column that is none": {"branches": own | {"a b": "jet_pt"}},
    }
    return [Case(f"flat, {name}", partial(_said, sample), _as_said) for name, sample in said.items()]


def _changed(layout: Layout, change: Change, folder: Path, random: Random) -> list[str]:
    layout.write(folder / "events.root", layout.theirs(change(healthy(random), random)), layout.tree)
    return configuration(folder, ["events.root"], **layout.sample)


def _damaged(layout: Layout, damage: Damage, folder: Path, random: Random) -> list[str]:
    arguments = _changed(layout, lambda columns, _: columns, folder, random)
    whole = (folder / "events.root").read_bytes()
    (folder / "whole.root").write_bytes(whole)
    (folder / "events.root").write_bytes(damage(whole, random))
    return arguments


def _as_uproot(layout: Layout, folder: Path) -> None:
    """What uproot and numpy count in the file, or in the one before it was damaged."""
    allowed = []
    for name in ("events.root", "whole.root"):
        try:
            with uproot.open(folder / name) as file:
                allowed.append(counts(_as_nanoaod(layout, file[layout.tree])))
        except Exception:  # noqa: S112 - uproot cannot read it, or numpy makes no sense of it
            continue
    assert found_by_us(folder) in allowed


def _as_nanoaod(layout: Layout, tree: Any) -> Columns:
    columns = {name: tree[layout.names[name]].array() for name in MOMENTUM}
    columns = {name: values / layout.factors.get(name, 1.0) for name, values in columns.items()}
    filters = layout.names.get(FILTER, FILTER)
    soft_drop = layout.names.get("FatJet_msoftdrop")
    n_events = len(columns["FatJet_pt"])
    has_filter = layout.tree != "Delphes" and filters in tree.keys()  # noqa: SIM118
    return columns | {
        "FatJet_msoftdrop": tree[soft_drop].array() if soft_drop else columns["FatJet_mass"],
        "FatJet_jetId": ak.values_astype(2 * ak.ones_like(columns["FatJet_pt"]), np.int32),
        TRIGGER: np.ones(n_events, bool),
        FILTER: tree[filters].array() if has_filter else np.ones(n_events, bool),
    }


def _said(sample: Mapping[str, Any], folder: Path, random: Random) -> list[str]:
    columns = healthy(random)
    two = ak.num(columns["FatJet_pt"]) >= 2  # noqa: PLR2004
    stored = {"event": np.arange(int(ak.sum(two)), dtype="u8"), "nothing": np.full(int(ak.sum(two)), np.nan)}
    for name in JETS:
        ours = name.removeprefix("FatJet_").replace("msoftdrop", "softdrop_mass")
        values = columns[name][two]
        stored |= {f"jet_{ours}": values, f"first_{ours}": ak.to_numpy(values[:, 0])}
        stored[f"second_{ours}"] = ak.to_numpy(values[:, 1])
    write_tree(folder / "events.root", stored, "mini")
    branches = {"event": "event", **sample["branches"]}
    return configuration(folder, ["events.root"], **{**sample, "branches": branches})


def _as_said(folder: Path) -> None:
    """The columns that the sample names, by uproot and numpy."""
    sample = of_sample(folder)
    with uproot.open(folder / "events.root") as file:
        columns = {}
        for name in JETS:
            ours = f"jet_{name.removeprefix('FatJet_').replace('msoftdrop', 'softdrop_mass')}"
            source = sample["branches"][ours]
            if isinstance(source, str):
                values = file["mini"][source].array()
            else:
                parts = [file["mini"][one].array(library="np") for one in source]
                values = ak.from_regular(ak.Array(np.stack(parts, axis=1)))
            columns[name] = values * sample.get("factors", {}).get(ours, 1.0)
    everything = np.ones(len(columns["FatJet_pt"]), bool)
    jet_id = ak.values_astype(2 * ak.ones_like(columns["FatJet_pt"]), np.int32)
    assert found_by_us(folder) == counts(
        columns | {"FatJet_jetId": jet_id, TRIGGER: everything, FILTER: everything}
    )
