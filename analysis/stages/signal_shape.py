"""Stage `shape`: the shape of a resonance in a spectrum, fitted to simulated signal."""

from typing import Any

import numpy as np

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import write_json
from analysis.stages.data_set import EVENTS, selection_name
from analysis.stages.in_spectrum import relative_weights
from errors import MaplessError
from models.window import Window

SHAPE = "shape.json"


def signal_shape(job: Job, tools: Tools) -> None:  # noqa: ARG001
    """Write the shape as `fits.signals.signal_from_json` reads it, and the mass that the samples peak at.

    Arguments: `column`, `within`, `region`, `masses` (GeV, of each signal sample), and the shape that is
    `given` where there is none.
    """
    masses = job.arguments["masses"]
    if not masses:
        write_json(job.folder / SHAPE, {"signal": job.arguments["given"], "peak": None, "samples": []})
        return
    equal = [sample for sample, mass in masses.items() if list(masses.values()).count(mass) > 1]
    if equal:
        raise MaplessError(
            f"signals {' and '.join(equal)} have the same mass; the shape needs one at each mass"
        )
    fitted = [_fitted(job, sample, mass) for sample, mass in masses.items()]
    stored = [shape.to_json() for shape in fitted]
    signal = stored if len(stored) > 1 else stored[0]
    write_json(job.folder / SHAPE, {"signal": signal, "peak": fitted[0].mean, "samples": list(masses)})


def _fitted(job: Job, sample: str, mass: float | None) -> Any:
    from fits.signals import DoubleCrystalBall
    from selections.events import StoredEvents

    if mass is None:
        raise MaplessError(
            f"sample {sample} has no mass, which the shape of a resonance needs; add it to samples"
        )
    events = StoredEvents(job.after[selection_name(sample, job.arguments["region"])] / EVENTS)
    within: Window | None = job.arguments["within"]
    inside = np.ones(len(events), bool) if within is None else within.in_signal_region(events[within.column])
    column = job.arguments["column"]
    try:
        return DoubleCrystalBall.fit(events[column][inside], mass, relative_weights(events)[inside])
    except MaplessError as error:
        raise MaplessError(
            f"the shape of {sample} in {column}: {error}; leave the sample out to take a Gaussian"
        ) from None
