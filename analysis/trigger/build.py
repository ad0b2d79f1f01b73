"""The build stage: firmware projects of a trained model, and the proof that all routes give equal scores."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from analysis.engine.json_file import write_json
from analysis.trigger.configuration import TriggerConfiguration
from analysis.trigger.designs import DESIGNS
from analysis.trigger.train import for_training
from firmware.build import Build, build
from firmware.routes.resources import synthesise
from firmware.trigger_model import TriggerModel
from selections import level1

MODEL, FIRMWARE = "model", "firmware.json"


def build_firmware(configuration: TriggerConfiguration, trained: Path, zero_bias: Path, folder: Path) -> None:
    """Write the firmware projects of a trained model with `firmware.json`, what was compared and its size.

    Raises MaplessError when two routes give different scores in any held-out event.
    """
    settings, model = configuration.firmware, TriggerModel.load(trained / MODEL)
    hardware = level1.read(zero_bias).inputs(DESIGNS[configuration.model].inputs)
    held_out = hardware[~for_training(len(hardware), configuration.training.fraction)]
    events = model.own_units(held_out[: settings.n_events])
    made = build(model, events, folder, backend=settings.backend, part=settings.part)
    write_json(folder / FIRMWARE, firmware_to_json(made, synthesised=settings.synthesise))


def firmware_to_json(made: Build, *, synthesised: bool) -> dict[str, Any]:
    """Backend, part, resources (estimates without place-and-route) and agreement of each pair of routes."""
    counted = [made.resources, synthesise(made.rtl)] if synthesised else [made.resources]
    first = next(iter(made.verification.scores.values()))
    return {
        "backend": made.project.backend,
        "part": made.project.part,
        "resources": [asdict(resources) for resources in counted],
        "n_events_compared": len(first),
        "agreements": [asdict(agreement) for agreement in made.verification.agreements],
    }
