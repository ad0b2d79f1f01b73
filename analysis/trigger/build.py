"""Stage `build`: firmware projects of a trained model, and the proof that all routes give equal scores."""

from dataclasses import asdict
from typing import Any

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import write_json
from analysis.engine.tensorflow_process import tensorflow_reports_only_failures
from analysis.trigger.products import FIRMWARE, MODEL
from analysis.trigger.samples import ZERO_BIAS, events_file, for_training
from firmware.build import Build, build
from firmware.trigger_model import TriggerModel
from selections import level1


@tensorflow_reports_only_failures()
def build_firmware(job: Job, tools: Tools) -> None:
    """Write the firmware projects of the model with `firmware.json`, what was compared and its size.

    Arguments: `inputs` of the model (objects or regions), `fraction` of the zero-bias events that the
    training saw, `n_events` to compare of the others, `backend`, `target`, `version` and `yosys` of
    `firmware.build.build`, `files` of samples.

    Raises MaplessError when two routes give different scores in any of them.
    """
    arguments = job.arguments
    model = TriggerModel.load(job.after["train"] / MODEL)
    hardware = level1.read(events_file(job, ZERO_BIAS)).inputs(arguments["inputs"])
    held_out = hardware[~for_training(len(hardware), arguments["fraction"])]
    events = model.own_units(held_out[: arguments["n_events"]])
    options = {name: arguments[name] for name in ("backend", "target", "version", "yosys")}
    made = build(model, events, job.folder, **options)
    write_json(job.folder / FIRMWARE, firmware_to_json(made))


def firmware_to_json(made: Build) -> dict[str, Any]:
    """Backend, target, resources (estimates without place-and-route) and agreement of each pair of routes."""
    first = next(iter(made.verification.scores.values()))
    return {
        "backend": made.project.backend,
        "target": asdict(made.project.target),
        "version": made.project.version,
        "resources": [asdict(resources) for resources in made.resources],
        "n_events_compared": len(first),
        "agreements": [asdict(agreement) for agreement in made.verification.agreements],
    }
