"""Weights of simulated events, scaled to what is expected of their cross section in a luminosity."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from errors import MaplessError
from selections.headers import graph_functions
from selections.sources.opened import OpenedEvents

RUNS = "Runs"
GENERATED = ("genEventSumw", "genEventSumw_")
"""Sums of the generator weights of all events that NanoAOD files were made of, kept or not."""

PER_PICOBARN = 1000.0
"""Inverse picobarns in an inverse femtobarn."""


@dataclass(frozen=True)
class Normalisation:
    """Cross section of a process (pb), luminosity (1/fb), and sum of weights of all generated events."""

    cross_section: float
    luminosity: float
    sum_of_weights: float

    def normalise(self, events: OpenedEvents, read: float = 1.0) -> OpenedEvents:
        """The events with weights that add up to the expected number; `read` is the part of them read."""
        factor = self.cross_section * self.luminosity * PER_PICOBARN / self.sum_of_weights / read
        mapless = graph_functions()
        weight = events.aliases.get("weight", "weight")
        frame = mapless.redefine(events.frame, weight, f"static_cast<float>(weight * {float(factor)!r})")
        note = (
            f"events expected in {self.luminosity:g} /fb, for {self.cross_section:g} pb and a sum of weights "
            f"of {self.sum_of_weights:g}"
        )
        return replace(events, frame=frame, notes={**events.notes, "weight": note})


def generated_weights(files: Iterable[str]) -> float:
    """The sum of the weights of all generated events, which NanoAOD files keep in their tree Runs.

    Raises MaplessError for a file without it.
    """
    total = math.fsum(weight for path in files for weight in _generated(path))
    if not (math.isfinite(total) and total > 0):
        raise MaplessError(f"the generator weights of the files add up to {total:g}; give sum_of_weights")
    return total


def _generated(path: str) -> list[float]:
    import uproot

    if "://" in path:
        raise MaplessError(f"{path} is remote, whose generator weights are not added up; give sum_of_weights")
    try:
        with uproot.open(path) as file:
            runs = file.get(RUNS, {})
            name = next((name for name in GENERATED if name in runs), None)
            weights: list[float] = [] if name is None else runs[name].array(library="np").tolist()
    except (OSError, ValueError, uproot.DeserializationError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise MaplessError(f"{path}: {RUNS} cannot be read ({reason}); give sum_of_weights") from None
    if name is None:
        raise MaplessError(f"{path} has no {RUNS}/{GENERATED[0]}; give sum_of_weights")
    return weights
