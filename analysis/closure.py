"""The closure test: on simulation the search must find injected signal, and nothing in background."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.configuration import Configuration, EventSettings
from analysis.stages import write_json

MAX_BACKGROUND_SIGNIFICANCE = 3.5
MIN_SIGNAL_SIGNIFICANCE = 3.0
SIGNAL_MASS_TOLERANCE = 0.05
MIN_FIT_P_VALUE = 0.01


def simulated_twins(configuration: Configuration) -> dict[str, Configuration]:
    """Return the same search on background-only simulation and with signal added to it."""
    closure = configuration.closure
    events = EventSettings(files=closure.background_files)
    injection = configuration.injection.model_copy(
        update={"files": closure.signal_files, "n_events": closure.n_signal_events}
    )
    injected = configuration.model_copy(update={"events": events, "injection": injection})
    nothing = injection.model_copy(update={"n_events": 0})
    return {"background_only": injected.model_copy(update={"injection": nothing}), "injected": injected}


def check_closure(configuration: Configuration, scan_folders: Mapping[str, Path], folder: Path) -> None:
    """Write `closure.json`: one entry per check with its value, its limit and whether it passed."""
    background = _windows(scan_folders["background_only"])
    checks = [check for name, result in background.items() for check in _background_checks(name, result)]
    checks.append(_signal_check(_windows(scan_folders["injected"]), configuration.scan.signal_mass))
    write_json(folder / "closure.json", checks)


def largest_excess(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scan point of largest significance over the spectra given; failed fits do not count."""
    points = [
        point
        for result in results.values()
        for point in result["scan"]["points"]
        if point["significance"] is not None
    ]
    return max(points, key=lambda point: point["significance"], default={"mass": None, "significance": None})


def _background_checks(name: str, result: Mapping[str, Any]) -> list[dict[str, Any]]:
    excess = largest_excess({name: result})["significance"]
    p_value = result["choice"]["goodness"]["p_value"]
    return [
        _check(f"no excess in background-only events, {name}", excess, "<", MAX_BACKGROUND_SIGNIFICANCE),
        _check(
            f"dijet function describes what {name} keeps of the background", p_value, ">", MIN_FIT_P_VALUE
        ),
    ]


def _signal_check(results: Mapping[str, Any], mass: float) -> dict[str, Any]:
    near = {
        name: {
            "scan": {
                "points": [
                    p for p in result["scan"]["points"] if abs(p["mass"] / mass - 1) <= SIGNAL_MASS_TOLERANCE
                ]
            }
        }
        for name, result in results.items()
    }
    return _check(
        "injected signal is found", largest_excess(near)["significance"], ">", MIN_SIGNAL_SIGNIFICANCE
    )


def _check(name: str, value: float | None, relation: str, limit: float) -> dict[str, Any]:
    passed = value is not None and (value < limit if relation == "<" else value > limit)
    return {"name": name, "value": value, "limit": f"{relation} {limit:g}", "passed": passed}


def _windows(folder: Path) -> dict[str, Any]:
    spectra = json.loads((folder / "results.json").read_text())["spectra"]
    return {name: result for name, result in spectra.items() if name != "inclusive"}
