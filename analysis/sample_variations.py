"""Systematic variations of samples as a YAML file describes them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field

from analysis.engine.settings import Settings
from selections.corrections import Correction
from selections.jet_variations import ENERGY, MASS, JetResolution, JetScale, JetSmearing, Resolution
from selections.variations import VariationSource
from selections.weight_variations import (
    Combination,
    CorrectedWeight,
    FlatWeight,
    StoredWeights,
    WeightSet,
)

USUAL: Mapping[str, Mapping[str, Any]] = {
    "jet_energy_scale": {},
    "jet_energy_resolution": {},
    "jet_mass_scale": {},
    "jet_mass_resolution": {},
    "initial_state_radiation": {"column": "PSWeight", "up": 0, "down": 2},
    "final_state_radiation": {"column": "PSWeight", "up": 1, "down": 3},
    "pdf": {"column": "LHEPdfWeight", "members": tuple(range(1, 101)), "combination": "hessian"},
    "renormalisation_and_factorisation": {
        "column": "LHEScaleWeight", "members": (0, 1, 3, 5, 7, 8), "combination": "envelope"
    },
    "pileup": {"systematic": "weights"},
    "trigger": {},
    "weight": {},
}  # fmt: skip
"""Kinds of variations with what holds where nothing else is said: places of weights as NanoAOD has them."""

SHIFTED = {
    "jet_energy_scale": ENERGY,
    "jet_energy_resolution": ENERGY,
    "jet_mass_scale": MASS,
    "jet_mass_resolution": MASS,
}
"""Columns of jets that kinds shift."""
RESOLVED = ("jet_pt", "jet_mass")
"""Those that the resolution of data shifts."""

WORDS = ("nominal", "up", "down")
LARGEST = 10_000
"""Above all places of weights in a column."""


def _range(members: Any) -> Any:
    """Members, also written as first-last."""
    ends = members.split("-") if isinstance(members, str) else ()
    if len(ends) == 2 and all(end.isdecimal() and int(end[:9]) < LARGEST for end in ends):  # noqa: PLR2004
        return tuple(range(int(ends[0]), int(ends[1]) + 1))
    return members


Place = Annotated[int, Field(ge=0, lt=LARGEST)]
Members = Annotated[tuple[Place, ...], Field(min_length=2), BeforeValidator(_range)]


class SmallJetSettings(Settings):
    """What a variation of jets by files says of small ones: as of large ones."""

    file: str
    correction: str | None = None
    resolution: str | None = None
    scale_factor: str | None = None
    inputs: dict[str, str] = {}

    def at(self, folder: Path) -> Self:
        """The same with the path of its file relative to a folder."""
        return self.model_copy(update={"file": str(folder / self.file)})


class VariationSettings(Settings):
    """One variation; its kind is its name, or another of `USUAL`.

    Args:
        kind: what it varies.
        size: a relative size, the same for all jets or events.
        file, correction, inputs: a relative uncertainty of jets, or a weight, by a file of correctionlib.
        systematic, words: the input of a weight that takes words, and those of nominal, up and down.
        resolution, scale_factor: corrections with the resolution of simulation and what data have more of it.
        small_jet: what is said by files of small jets.
        column, up, down: places of ratios to the nominal weight in a column of the files.
        members, combination: places of such ratios that are one uncertainty together.
    """

    kind: str | None = None
    size: Annotated[float, Field(gt=0, lt=1)] | None = None
    file: str | None = None
    correction: str | None = None
    inputs: dict[str, str] = {}
    systematic: str = "systematic"
    words: tuple[str, str, str] = WORDS
    resolution: str | None = None
    scale_factor: str | None = None
    small_jet: SmallJetSettings | None = None
    column: str | None = None
    up: Place | None = None
    down: Place | None = None
    members: Members | None = None
    combination: Combination | None = None

    def at(self, folder: Path) -> Self:
        """The same with the path of its file relative to a folder."""
        small = self.small_jet and self.small_jet.at(folder)
        moved = {"file": str(folder / self.file)} if self.file else {}
        return self.model_copy(update=moved | ({"small_jet": small} if small else {}))

    def made(self, name: str) -> VariationSource:
        """The source of the variation; raises ValueError for what says too little or too much."""
        kind = self.kind or name
        if kind not in USUAL:
            raise ValueError(f"{name}: no kind of variation is called {kind!r}; known: {', '.join(USUAL)}")
        said = {key: getattr(self, key) for key in self.model_fields_set - {"kind"}}
        ways = WAYS[kind] if kind in WAYS else WAYS["weight"]
        for way in ways:
            values = {key: value for key, value in {**USUAL[kind], **said}.items() if key in way.keys}
            if said.keys() <= values.keys() and values.keys() >= set(way.needed):
                return way.make(name, kind, values)
        needed = "; or ".join(" and ".join(way.needed) for way in ways)
        raise ValueError(f"{name}: {kind} takes {needed}; got {', '.join(sorted(said)) or 'nothing'}")

    def shifts_as(self, other: "VariationSettings", name: str) -> bool:
        """Whether both do the same to the same columns, by whatever size or file."""
        mine, theirs = self.made(name), other.made(name)
        return type(mine) is type(theirs) and mine.variation == theirs.variation


@dataclass(frozen=True)
class Way:
    """A way to say a variation: the keys that it needs and may have, and what they make."""

    needed: tuple[str, ...]
    optional: tuple[str, ...]
    make: Callable[[str, str, Mapping[str, Any]], VariationSource]

    @property
    def keys(self) -> tuple[str, ...]:
        """All that may be said."""
        return (*self.needed, *self.optional)


def _jet_scale(name: str, kind: str, said: Mapping[str, Any]) -> VariationSource:
    return JetScale(name, SHIFTED[kind], size=said["size"])


def _corrected_jet_scale(name: str, kind: str, said: Mapping[str, Any]) -> VariationSource:
    correction = Correction(Path(said["file"]), said["correction"], said.get("inputs", {}))
    small: SmallJetSettings | None = said.get("small_jet")
    if small and (not small.correction or small.resolution or small.scale_factor):
        raise ValueError(f"{name}: small_jet takes file and correction")
    of_small = (
        Correction(Path(small.file), small.correction, small.inputs) if small and small.correction else None
    )
    return JetScale(name, SHIFTED[kind], correction=correction, small_jets=of_small)


def _jet_smearing(name: str, kind: str, said: Mapping[str, Any]) -> VariationSource:
    return JetSmearing(name, SHIFTED[kind], said["size"])


def _jet_resolution(name: str, kind: str, said: Mapping[str, Any]) -> VariationSource:  # noqa: ARG001
    small: SmallJetSettings | None = said.get("small_jet")
    of_large = Resolution(
        Path(said["file"]), said["resolution"], said["scale_factor"], said.get("inputs", {})
    )
    if small is None:
        return JetResolution(name, RESOLVED, of_large)
    if small.correction or not small.resolution or not small.scale_factor:
        raise ValueError(f"{name}: small_jet takes file and resolution and scale_factor")
    of_small = Resolution(Path(small.file), small.resolution, small.scale_factor, small.inputs)
    return JetResolution(name, RESOLVED, of_large, of_small)


def _weight_set(name: str, kind: str, said: Mapping[str, Any]) -> VariationSource:  # noqa: ARG001
    return WeightSet(name, said["column"], said["members"], said["combination"])


def _stored_weights(name: str, kind: str, said: Mapping[str, Any]) -> VariationSource:  # noqa: ARG001
    return StoredWeights(name, said["column"], said["up"], said["down"])


def _flat_weight(name: str, kind: str, said: Mapping[str, Any]) -> VariationSource:  # noqa: ARG001
    return FlatWeight(name, said["size"])


def _corrected_weight(name: str, kind: str, said: Mapping[str, Any]) -> VariationSource:  # noqa: ARG001
    words, systematic = said.get("words", WORDS), said.get("systematic", "systematic")
    inputs = said.get("inputs", {})
    return CorrectedWeight(name, Path(said["file"]), said["correction"], systematic, words, inputs)


_SCALE = Way(("size",), (), _jet_scale)
_SMEARING = Way(("size",), (), _jet_smearing)
WAYS: Mapping[str, tuple[Way, ...]] = {
    "jet_energy_scale": (
        _SCALE,
        Way(("file", "correction"), ("inputs", "small_jet"), _corrected_jet_scale),
    ),
    "jet_mass_scale": (_SCALE, Way(("file", "correction"), ("inputs",), _corrected_jet_scale)),
    "jet_energy_resolution": (
        _SMEARING,
        Way(("file", "resolution", "scale_factor"), ("inputs", "small_jet"), _jet_resolution),
    ),
    "jet_mass_resolution": (_SMEARING,),
    "weight": (
        Way(("size",), (), _flat_weight),
        Way(("column", "up", "down"), (), _stored_weights),
        Way(("column", "members", "combination"), (), _weight_set),
        Way(("file", "correction"), ("inputs", "systematic", "words"), _corrected_weight),
    ),
}
"""The ways to say each kind; those without their own are weights."""
