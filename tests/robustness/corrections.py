"""Corrections of jets and varied weights, whose files, inputs and columns are not as they should be."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import awkward as ak
import correctionlib
import numpy as np

from tests.robustness.case import Case, Random
from tests.robustness.conditions import stored_columns, write_sample
from tests.robustness.damage import WHOLE, Damage, truncated
from tests.robustness.event_files import (
    N_EVENTS,
    Change,
    counts,
    found_by_us,
    healthy,
    longer,
    of_sample,
    shorter,
    single,
    with_value,
)

JET_PT, OUTPUT = {"name": "JetPt", "type": "real"}, {"name": "factor", "type": "real"}


def _formula(text: str) -> dict[str, Any]:
    return {"nodetype": "formula", "expression": text, "parser": "TFormula", "variables": ["JetPt"]}


def _binned(flow: Any, *content: Any) -> dict[str, Any]:
    edges = [0, 300, 1000]
    return {"nodetype": "binning", "input": "JetPt", "edges": edges, "content": list(content), "flow": flow}


CORRECTIONS: dict[str, Any] = {
    "healthy": _formula("1.1+10/x"),
    "one": 1.0,
    "falling": _formula("1.2-x/5000"),
    "NaN": _formula("log(300-x)"),
    "infinite": _formula("1/(x-x)"),
    "below zero": -1.0,
    "zero": 0.0,
    "clamped": _binned("clamp", 1.2, 0.9),
    "ending": _binned("error", 1.2, 0.9),
    "in disorder": {**_binned("clamp", 1.2, 0.9), "edges": [300, 0, 1000]},
    "too few bins": _binned("clamp", 1.2),
    "no formula": _formula("1.1+"),
    "a second input": _formula("1.1+y"),
    "of an unknown kind": {"nodetype": "magic"},
    "a word": "x",
    "nothing": None,
}
RAW: dict[str, Change] = {
    "fewer factors": partial(shorter, "FatJet_rawFactor"),
    "more factors": partial(longer, "FatJet_rawFactor"),
    "factors as numbers": partial(single, "FatJet_rawFactor"),
    "factors that are NaN": partial(with_value, "FatJet_rawFactor", np.nan),
}
SAID: dict[str, dict[str, Any]] = {
    "an unknown name": {"names": ["nothing"]},
    "an unknown input": {"inputs": {"JetPtt": "FatJet_pt"}},
    "an input of an unknown column": {"inputs": {"JetPt": "nothing"}},
    "an input of one number": {"inputs": {"JetPt": "run"}},
    "code as an input": {"inputs": {"JetPt": 'gSystem->Exec("touch hacked")'}},
    "twice": {"names": ["c", "c"]},
}
WEIGHTS: dict[str, Any] = {
    "healthy": np.ones((N_EVENTS, 4), "f4"),
    "too few": np.ones((N_EVENTS, 3), "f4"),
    "none": np.ones((N_EVENTS, 0), "f4"),
    "NaN": np.full((N_EVENTS, 4), np.nan, "f4"),
    "negative": -np.ones((N_EVENTS, 4), "f4"),
}


def cases() -> list[Case]:
    """All of them."""
    damages: dict[str, Damage] = {**WHOLE, "half": truncated(0.5)}
    return [
        *(
            Case(f"correction, {name}", partial(_corrected, data, {}, None), _as_corrected)
            for name, data in CORRECTIONS.items()
        ),
        *(
            Case(f"correction, {name}", partial(_corrected, 1.2, {}, change), _as_corrected)
            for name, change in RAW.items()
        ),
        *(
            Case(f"correction, {name}", partial(_corrected, 1.2, said, None), _as_corrected)
            for name, said in SAID.items()
        ),
        *(
            Case(f"correction, {name} bytes", partial(_damaged_corrections, damage))
            for name, damage in damages.items()
            if name != "shifted"
        ),
        *(
            Case(f"weights of the shower, {name}", partial(_varied, weights), _as_selected)
            for name, weights in WEIGHTS.items()
        ),
    ]


def _corrected(
    data: Any, said: Mapping[str, Any], change: Change | None, folder: Path, random: Random
) -> list[str]:
    one = {"name": "c", "version": 1, "inputs": [JET_PT], "output": OUTPUT, "data": data}
    (folder / "jets.json").write_text(json.dumps({"schema_version": 2, "corrections": [one]}))
    columns = healthy(random)
    columns["FatJet_rawFactor"] = ak.values_astype(0.1 * ak.ones_like(columns["FatJet_pt"]), np.float32)
    columns = change(columns, random) if change else columns
    jets = {"file": "jets.json", "names": ["c"], **said}
    return write_sample(folder, columns, corrections={"jet": jets})


def _damaged_corrections(damage: Damage, folder: Path, random: Random) -> list[str]:
    arguments = _corrected(1.2, {}, None, folder, random)
    whole = (folder / "jets.json").read_bytes()
    (folder / "jets.json").write_bytes(damage(whole, random))
    return arguments


def _as_corrected(folder: Path) -> None:
    columns, said = stored_columns(folder), of_sample(folder)["corrections"]["jet"]
    known = correctionlib.CorrectionSet.from_file(str(folder / "jets.json"))
    pt, mass = columns["FatJet_pt"], columns["FatJet_mass"]
    factor = ak.to_numpy(ak.flatten(1 - columns["FatJet_rawFactor"])).astype(float)
    flat = ak.to_numpy(ak.flatten(pt)).astype(float)
    for name in said["names"]:
        factor = factor * known[name].evaluate(flat * factor)
    corrected = {
        key: ak.unflatten((ak.to_numpy(ak.flatten(values)) * factor).astype("f4"), ak.num(pt))
        for key, values in (("FatJet_pt", pt), ("FatJet_mass", mass))
    }
    assert found_by_us(folder) == counts(columns | corrected)


def _varied(weights: Any, folder: Path, random: Random) -> list[str]:
    columns = healthy(random) | {"genWeight": np.ones(N_EVENTS, "f4")}
    sizes = np.full(N_EVENTS, weights.shape[1])
    columns["PSWeight"] = ak.unflatten(weights.ravel(), sizes)
    variations = {"initial_state_radiation": {}, "final_state_radiation": {}}
    return write_sample(folder, columns, role="background", variations=variations)


def _as_selected(folder: Path) -> None:
    assert found_by_us(folder) == counts(stored_columns(folder))
