"""Variations of the energies and masses of jets, by a flat size or by files of correctionlib.

Those of energies move all jets together: large ones, small ones before any is chosen, and the missing
momentum, which balances the small jets, or the large ones of events without small jets. Leptons and photons,
which are chosen before small jets, stay.
"""

import zlib
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from errors import MaplessError
from selections import headers
from selections.corrections import Correction
from selections.jet_corrections import usual_inputs
from selections.sources.objects import BALANCING, EVERY_SMALL_JET
from selections.steps import Column, Variation
from selections.variations import VariationSource

ENERGY = ("jet_pt", "jet_mass", "jet_softdrop_mass")
MASS = ("jet_mass", "jet_softdrop_mass")
LARGE_JET, SMALL_JET = "jet", "small_jet"
NOMINAL = "nominal"


@dataclass(frozen=True)
class JetVariation(VariationSource):
    """A variation by factors of all jets, large and small; `shifted` are columns of the large ones."""

    shifted: tuple[str, ...]

    @property
    @abstractmethod
    def tags(self) -> tuple[str, ...]:
        """Names of the shifts."""

    @abstractmethod
    def factor(self, tag: str, jets: str) -> str:
        """C++ for the factors of jets of a collection under a shift; it is part of names."""

    @abstractmethod
    def factor_columns(self, jets: str, collection: str, known: set[str]) -> Sequence[Column]:
        """What the factors are made of, for the columns of a collection under whatever name these have."""

    def columns(self, known: set[str]) -> Sequence[Column]:
        """The columns of factors of all jets, and which of them the missing momentum balances."""
        made = [*self.factor_columns(LARGE_JET, LARGE_JET, known)] if "jet_pt" in known else []
        small = self._small_jets(known)
        if small:
            made += self.factor_columns(SMALL_JET, small, known)
        if self._balanced(known):
            headers.load("mapless/smearing.h")
            every = f"ROOT::VecOps::Range({small or LARGE_JET}_pt.size())"
            made.append(Column(f"{self.name}_balanced", BALANCING if BALANCING in known else every))
        return made

    @property
    def variation(self) -> Variation:
        """Large jets under every shift."""
        return self._variation({tag: self._large(self.factor(tag, LARGE_JET)) for tag in self.tags})

    def variation_of(self, known: set[str]) -> Variation:
        """All jets and the missing momentum under every shift."""
        return self._variation({tag: self._moved(known, tag) for tag in self.tags})

    def wants(self, known: set[str]) -> Sequence[str]:
        """The small jets that the missing momentum balances."""
        return (BALANCING,) if self._balanced(known) else ()

    def _variation(self, shifts: Mapping[str, Mapping[str, str]]) -> Variation:
        columns = tuple(next(iter(shifts.values())))
        return Variation(self.name, columns, {tag: tuple(moved.values()) for tag, moved in shifts.items()})

    def _large(self, factor: str) -> dict[str, str]:
        return {column: f"ROOT::RVecF({column} * ({factor}))" for column in self.shifted}

    def _moved(self, known: set[str], tag: str) -> dict[str, str]:
        """Expressions of all columns that a shift moves, by column."""
        if "jet_pt" not in known and not self._small_jets(known):
            raise MaplessError(f"the variation {self.name} needs jets, which the events lack")
        moved = self._large(self.factor(tag, LARGE_JET)) if "jet_pt" in known else {}
        small = self._small_jets(known)
        if small:
            factor = self.factor(tag, SMALL_JET)
            columns = [f"{small}_{name}" for name in ("pt", "mass") if f"{small}_{name}" in known]
            moved |= {column: f"ROOT::RVecF({column} * ({factor}))" for column in columns}
        if self._balanced(known):
            jets = small or LARGE_JET
            factor = self.factor(tag, SMALL_JET if small else LARGE_JET)
            arguments = f"{jets}_pt, {jets}_phi, ROOT::RVecF({factor}), {self.name}_balanced"
            for part, name in enumerate(("pt", "phi")):
                moved[f"missing_{name}"] = f"mapless::balanced(missing_pt, missing_phi, {arguments})[{part}]"
        return moved

    def _small_jets(self, known: set[str]) -> str | None:
        """What begins the names of small jets, of which masses alone are not varied."""
        names = (EVERY_SMALL_JET, SMALL_JET) if "jet_pt" in self.shifted else ()
        return next((name for name in names if f"{name}_pt" in known), None)

    def _balanced(self, known: set[str]) -> bool:
        return "jet_pt" in self.shifted and {"missing_pt", "missing_phi"} <= known

    def _column(self, jets: str, what: str) -> str:
        return f"{self.name}_{what}" if jets == LARGE_JET else f"{self.name}_{jets}_{what}"

    def _without_small_jets(self, keys: str) -> MaplessError:
        return MaplessError(
            f"the variation {self.name} moves small jets and missing momentum too, which are used here; say "
            f"{keys} of small jets under small_jet"
        )


@dataclass(frozen=True)
class JetScale(JetVariation):
    """Jets scaled up and down by a relative uncertainty: a size, or that of a correction.

    `small_jets` is the correction of small jets.
    """

    size: float | None = None
    correction: Correction | None = None
    small_jets: Correction | None = None

    @property
    def tags(self) -> tuple[str, ...]:
        """Up and down."""
        return ("up", "down")

    def factor(self, tag: str, jets: str) -> str:
        """One plus or minus the uncertainty."""
        return f"1.f {'+' if tag == 'up' else '-'} {self._column(jets, 'size')}"

    def factor_columns(self, jets: str, collection: str, known: set[str]) -> Sequence[Column]:
        """The relative uncertainty of every jet."""
        number = f"{collection}_pt.size()"
        if self.size is not None:
            return [Column(self._column(jets, "size"), f"ROOT::RVecF({number}, {self.size}f)")]
        correction = self.correction if jets == LARGE_JET else self.small_jets
        if correction is None:
            raise self._without_small_jets("file and correction")
        uncertainty = correction.expression(number, known, usual_inputs(collection, known))
        return [Column(self._column(jets, "size"), uncertainty)]

    @property
    def origin(self) -> str:
        """The size, or the correction."""
        return f"{self.size:.2%}" if self.correction is None else self.correction.name


@dataclass(frozen=True)
class JetSmearing(JetVariation):
    """Jets smeared by a Gaussian of a relative size, all columns by the same number of each jet.

    Simulation cannot be made better than it is: there is no shift down.
    """

    size: float

    @property
    def tags(self) -> tuple[str, ...]:
        """Up only."""
        return ("up",)

    def factor(self, tag: str, jets: str) -> str:  # noqa: ARG002
        """The factor of every jet."""
        return self._column(jets, "factor")

    def factor_columns(self, jets: str, collection: str, known: set[str]) -> Sequence[Column]:  # noqa: ARG002
        """The factor of every jet."""
        headers.load("mapless/smearing.h")
        chance = _gaussians(self._column(jets, "").rstrip("_"), collection)
        return [Column(self._column(jets, "factor"), f"mapless::smeared({chance}, {self.size}f)")]

    @property
    def origin(self) -> str:
        """The size."""
        return f"smeared by {self.size:.2%}"


@dataclass(frozen=True)
class Resolution:
    """The resolution of jets of simulation, and what data have more of it, by a file of correctionlib.

    `scale` takes the words "nom", "up" and "down" for its input `systematic`.
    """

    file: Path
    resolution: str
    scale: str
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class JetResolution(JetVariation):
    """The resolution that jets have in data, and its uncertainty.

    Momentum and mass are smeared in all events. Of NanoAOD jets the difference to the generated jet is scaled
    where there is one (hybrid method of CMS, arXiv:1607.03663). `small_jets` is that of small jets.
    """

    large_jets: Resolution
    small_jets: Resolution | None = None

    @property
    def tags(self) -> tuple[str, ...]:
        """Up and down."""
        return ("up", "down")

    def factor(self, tag: str, jets: str) -> str:
        """From jets as they are to the nominal resolution, and from there to the others."""
        nominal = self._column(jets, NOMINAL)
        return nominal if tag == NOMINAL else f"{self._column(jets, tag)} / {nominal}"

    def factor_columns(self, jets: str, collection: str, known: set[str]) -> Sequence[Column]:
        """Factors of every jet for the nominal scale and the shifted ones."""
        headers.load("mapless/smearing.h")
        chosen = self.large_jets if jets == LARGE_JET else self.small_jets
        if chosen is None:
            raise self._without_small_jets("file, resolution and scale_factor")
        number, usual = f"{collection}_pt.size()", usual_inputs(collection, known)
        resolution = Correction(chosen.file, chosen.resolution, chosen.inputs)
        index, momentum = GENERATED[jets]
        generated = f"ROOT::RVecI({number}, -1), ROOT::RVecF{{}}"
        if {index, momentum} <= known:
            generated = f"ROOT::RVecI({index}), {momentum}"
        chance, sigma = self._column(jets, "chance"), self._column(jets, "resolution")
        made = [
            Column(chance, _gaussians(self._column(jets, "").rstrip("_"), collection)),
            Column(sigma, resolution.expression(number, known, usual)),
        ]
        for tag, word in ((NOMINAL, "nom"), ("up", "up"), ("down", "down")):
            scale = Correction(chosen.file, chosen.scale, {**chosen.inputs, "systematic": word})
            scaled = scale.expression(number, known, usual)
            arguments = f"{collection}_pt, {sigma}, {scaled}, {generated}, {chance}"
            made.append(Column(self._column(jets, tag), f"mapless::smearing({arguments})"))
        return made

    @property
    def corrects(self) -> bool:
        """All jets."""
        return True

    def nominal(self, known: set[str]) -> Mapping[str, str]:
        """Jets and missing momentum as data have them."""
        return self._moved(known, NOMINAL)

    @property
    def origin(self) -> str:
        """The correction with the uncertainty."""
        return self.large_jets.scale


GENERATED = {
    LARGE_JET: ("FatJet_genJetAK8Idx", "GenJetAK8_pt"),
    SMALL_JET: ("Jet_genJetIdx", "GenJet_pt"),
}
"""Of NanoAOD: which generated jet belongs to a jet, and the momenta of these."""


def _gaussians(name: str, collection: str) -> str:
    """Numbers of every jet of a collection that are others for every name."""
    number = f"{collection}_pt.size()"
    return f"mapless::gaussians(run, luminosity_block, event, {number}, {zlib.crc32(name.encode())}u)"
