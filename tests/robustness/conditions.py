"""Conditions of samples: certified luminosity, triggers by runs, cross sections."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import uproot

from tests.robustness.case import Case, Random
from tests.robustness.damage import WHOLE, Damage, truncated
from tests.robustness.event_files import (
    FILTER,
    JETS,
    N_EVENTS,
    NUMBERS,
    TRIGGER,
    Columns,
    configuration,
    counts,
    found_by_us,
    healthy,
    of_sample,
    write_tree,
)

CERTIFIED: dict[str, Any] = {
    "healthy": {"1": [[1, 3]]},
    "two runs": {"1": [[2, 2]], "2": [[1, 9]]},
    "overlapping": {"1": [[1, 3], [2, 4]]},
    "touching": {"1": [[1, 2], [3, 4]]},
    "in disorder": {"1": [[4, 5], [1, 2]]},
    "the same twice": {"1": [[1, 2], [1, 2]]},
    "of another run": {"2": [[1, 9]]},
    "of no block": {"1": []},
    "nothing": {},
    "a list": [[1, 1, 3]],
    "a number": 3,
    "no ranges": {"1": 3},
    "one number": {"1": [[1]]},
    "three numbers": {"1": [[1, 2, 3]]},
    "halves": {"1": [[1.5, 2.5]]},
    "words": {"1": [["1", "3"]]},
    "truths": {"1": [[True, 3]]},
    "below zero": {"1": [[-3, 3]]},
    "backwards": {"1": [[3, 1]]},
    "huge": {"1": [[1, 10**30]]},
    "a run below zero": {"-1": [[1, 3]]},
    "a run of a half": {"1.5": [[1, 3]]},
    "a run of words": {"one": [[1, 3]]},
    "a run with a space": {"1 ": [[1, 3]]},
    "a run in other digits": {"١": [[1, 3]]},
    "a huge run": {"9" * 5000: [[1, 3]]},
    "deep": {"1": [[[1, 3]]]},
}
TRIGGERS: dict[str, Any] = {
    "one range": {"1-3": [TRIGGER]},
    "one run": {"1": [TRIGGER]},
    "another run": {"2-5": [TRIGGER]},
    "no trigger": {"1-3": []},
    "no range": {},
    "two ranges": {"1-1": [TRIGGER], "2-3": [FILTER]},
    "overlapping": {"1-3": [TRIGGER], "3-5": [TRIGGER]},
    "backwards": {"5-1": [TRIGGER]},
    "words": {"first-last": [TRIGGER]},
    "below zero": {"-5": [TRIGGER]},
    "a huge run": {"1-99999999999": [TRIGGER]},
    "a misspelt trigger": {"1-3": [f"{TRIGGER}0"]},
    "code": {"1-3": ["run"], "4-5": ["true"]},
}
SUMS: dict[str, Any] = {
    "healthy": [100.0],
    "two rows": [60.0, 40.0],
    "none": [],
    "zero": [0.0],
    "negative": [-3.0],
    "NaN": [np.nan],
    "infinite": [np.inf],
}


def cases() -> list[Case]:
    """All of them."""
    damages: dict[str, Damage] = {**WHOLE, "half": truncated(0.5)}
    return [
        *(
            Case(f"certified, {name}", partial(_certified, json.dumps(content).encode()), _as_certified)
            for name, content in CERTIFIED.items()
        ),
        *(
            Case(f"certified, {name} bytes", partial(_damaged_json, damage), _as_certified)
            for name, damage in damages.items()
        ),
        Case("certified, a run twice", partial(_certified, b'{"1": [[1, 2]], "1": [[3, 4]]}')),
        *(
            Case(f"triggers by run, {name}", partial(_triggers, said), _as_triggered)
            for name, said in TRIGGERS.items()
        ),
        *(Case(f"sum of weights, {name}", partial(_sums, sums), _as_summed) for name, sums in SUMS.items()),
    ]


def write_sample(folder: Path, columns: Columns, **sample: Any) -> list[str]:
    """A file with these columns, and the command that selects its events."""
    write_tree(folder / "events.root", columns)
    return configuration(folder, ["events.root"], **sample)


def stored_columns(folder: Path) -> Columns:
    """What uproot reads in it."""
    with uproot.open(folder / "events.root") as file:
        events = file["Events"]
        names = [*NUMBERS, *JETS, "FatJet_jetId", TRIGGER, FILTER, "FatJet_rawFactor", "genWeight"]
        return {name: events[name].array() for name in names if name in events.keys()}  # noqa: SIM118


def _certified(content: bytes, folder: Path, random: Random) -> list[str]:
    (folder / "golden.json").write_bytes(content)
    return write_sample(folder, healthy(random), certified="golden.json")


def _damaged_json(damage: Damage, folder: Path, random: Random) -> list[str]:
    return _certified(damage(json.dumps({"1": [[1, 3], [5, 6]]}).encode(), random), folder, random)


def _as_certified(folder: Path) -> None:
    columns, ranges = stored_columns(folder), json.loads((folder / "golden.json").read_text())
    numbers = zip(columns["run"].to_list(), columns["luminosityBlock"].to_list(), strict=True)
    good = [any(first <= block <= last for first, last in ranges.get(str(run), [])) for run, block in numbers]
    kept = {name: values[np.array(good)] for name, values in columns.items()}
    assert found_by_us(folder) == [N_EVENTS, *counts(kept)]


def _triggers(said: Mapping[str, Any], folder: Path, random: Random) -> list[str]:
    return write_sample(folder, healthy(random), triggers=said)


def _as_triggered(folder: Path) -> None:
    columns, fired = stored_columns(folder), np.zeros(N_EVENTS, bool)
    for runs, triggers in of_sample(folder)["triggers"].items():
        first, _, last = runs.partition("-")
        within = (columns["run"] >= int(first)) & (columns["run"] <= int(last or first))
        any_of = [np.asarray(columns[name]) for name in triggers] or [np.ones(N_EVENTS, bool)]
        fired |= np.asarray(within) & np.any(any_of, axis=0)
    assert found_by_us(folder) == counts(columns | {TRIGGER: fired})


def _sums(sums: list[float], folder: Path, random: Random) -> list[str]:
    columns = healthy(random) | {"genWeight": random.choice([1.0, -0.5], N_EVENTS).astype("f4")}
    sample = {"role": "background", "cross_section": 2.0, "luminosity": 3.0, "triggers": [], "filters": []}
    arguments = write_sample(folder, columns, **sample)
    with uproot.update(folder / "events.root") as file:
        file.mktree("Runs", {"genEventSumw": "f8"})
        if sums:
            file["Runs"].extend({"genEventSumw": np.array(sums)})
    return arguments


def _as_summed(folder: Path) -> None:
    """The first row of the cutflow has the sum of the weights, scaled to the cross section."""
    with uproot.open(folder / "events.root") as file:
        total = file["Runs/genEventSumw"].array(library="np").sum()
        stored = file["Events/genWeight"].array(library="np").astype(float).sum()
    (written,) = (folder / "out" / "stages").glob("select-mine-*/cutflow.json")
    first = json.loads(written.read_text())["cutflow"]["cuts"][0]
    assert np.isclose(first["weighted"], 2.0 * 3.0 * 1000 * stored / total, rtol=1e-5)
