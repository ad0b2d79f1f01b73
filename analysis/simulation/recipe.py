"""The recipe of a sample: all that decides its events, apart from their number."""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import Any, Generic

from analysis.simulation.detector import Detector
from analysis.simulation.processes import AnyProcess, Quality

PACKAGES = ("pythia8mc", "fastjet", "root", "numpy")
VERSION = 2  # of the simulated physics: raise it when the same seed gives other events


def packages() -> dict[str, str]:
    """Versions of the packages that take part."""
    return {package: version(package) for package in PACKAGES}


@dataclass(frozen=True)
class SampleRecipe(Generic[AnyProcess]):
    """A process with its parameters, how carefully it is simulated, the seed, and the detector."""

    name: str
    process: AnyProcess
    quality: Quality
    seed: int
    detector: Detector = field(default_factory=Detector)

    def as_dict(self) -> dict[str, Any]:
        """The recipe in JSON's types, with the versions of the packages that take part."""
        return {
            "process": self.name,
            "parameters": self.process.model_dump(mode="json"),
            "quality": self.quality,
            "seed": self.seed,
            "detector": self.detector.model_dump(),
            "simulation_version": VERSION,
            "packages": packages(),
        }

    @cached_property
    def key(self) -> str:
        """Short hash of the recipe: two samples with the same key have the same events."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()[:12]
