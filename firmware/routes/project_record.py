"""`project.json`: what a project holds, its version and checksum, and whether its verification passed."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from errors import MaplessError
from firmware.routes.emulator_sources import INPUT_SCALING
from firmware.routes.level1_interface import interface_of, library_name, result_types
from firmware.routes.target import BACKENDS, Target
from firmware.trigger_model import TriggerModel

RECORD = "project.json"
_COMPARED = (
    *("firmware/*.cpp", "firmware/*.h", "firmware/weights/*"),
    *("emulator/*.cpp", "emulator/*.h", "emulator/*.so"),
)
_COMPARED_VERILOG = ("src/*.v", "src/static/*.v")


def model_checksum(model: TriggerModel) -> str:
    """Give the SHA-256 of what a model computes: layers, types, quantised weights, scaling and units."""
    about = [model.scaling.as_json(), model.input_shape, model.momentum_step, model.network.to_json()]
    digest = hashlib.sha256(json.dumps(about).encode())
    for weights in model.network.get_weights():
        digest.update(np.ascontiguousarray(weights, dtype="<f4").tobytes())
    return digest.hexdigest()


def describe(
    model: TriggerModel, version: str, backend: str, target: Target, namespace: str | None
) -> dict[str, Any]:
    """Tell what a project is before anything has verified it; arguments as in `Project`."""
    interface, scaling = interface_of(model), "(x - offset) >> shift of trigger_model/trigger_model.json"
    content: dict[str, Any] = {
        "model": model.name,
        "version": version,
        "checksum": model_checksum(model),
        "backend": backend,
        "namespace": namespace,
        "synthesis": " ".join(BACKENDS[backend].synthesis),
        "target": {
            "part": target.part,
            "clock_period_ns": target.clock_period,
            "reuse_factor": target.reuse_factor,
            "initiation_interval": target.initiation_interval,
        },
        "input_scaling": {
            "HLS": f"beside the top, which takes scaled inputs: {INPUT_SCALING if namespace else scaling}",
            "Verilog": "inside the design, which takes hardware integers",
        },
        "momentum_step_gev": model.momentum_step,
        "menu_scale": interface.menu_scale,
        "verification": None,
    }
    if namespace is None:
        return content
    content["input_scaling"]["emulator"] = "inside prepare_input"
    return content | {
        "emulator": {
            "library": f"emulator/{library_name(model, version)}.so",
            "called_by": interface.caller,
            "takes": interface.inputs,
            "gives": result_types(model),
        }
    }


def target_of(content: dict[str, Any]) -> Target:
    """Give the target that `describe` told of."""
    told = content["target"]
    return Target(told["part"], told["clock_period_ns"], told["reuse_factor"], told["initiation_interval"])


def write_record(folder: Path, content: dict[str, Any]) -> None:
    """Write the record of a project, complete or not at all."""
    partial = folder / f".{RECORD}.partial"
    partial.write_text(json.dumps(content, indent=1) + "\n")
    partial.replace(folder / RECORD)


def read_record(folder: Path) -> dict[str, Any]:
    """Read the record of a project.

    Raises:
        MaplessError: there is none, or it is no JSON.
    """
    try:
        content = json.loads((folder / RECORD).read_text())
    except FileNotFoundError:
        raise MaplessError(f"{folder} holds no firmware project; build one first") from None
    except ValueError as error:
        raise MaplessError(f"{folder / RECORD} is no JSON ({error}); build the project anew") from None
    return dict(content)


def record_verification(
    folder: Path, verilog: Path, *, passed: bool, n_events: int, routes: Iterable[str]
) -> None:
    """Mark a project as verified or not, with the SHA-256 of every file that was compared.

    Args:
        folder: of the project; paths of the record are relative to it.
        verilog: folder of the design that was compared with it.
        passed: whether all routes gave the same score in every event.
        n_events, routes: what was compared.
    """
    files = [file for pattern in _COMPARED for file in folder.glob(pattern)]
    files += [file for pattern in _COMPARED_VERILOG for file in verilog.glob(pattern)]
    checksums = {
        os.path.relpath(file, folder): hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(files)
    }
    mark = {"passed": passed, "n_events": n_events, "routes": list(routes), "files": checksums}
    write_record(folder, read_record(folder) | {"verification": mark})
