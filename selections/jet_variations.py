"""Variations of the energies and masses of jets, by a flat size or by files of correctionlib."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from selections import headers
from selections.corrections import Correction
from selections.jet_corrections import usual_inputs
from selections.steps import Column, Variation
from selections.variations import VariationSource

ENERGY = ("jet_pt", "jet_mass", "jet_softdrop_mass")
MASS = ("jet_mass", "jet_softdrop_mass")
N_JETS = "jet_pt.size()"


@dataclass(frozen=True)
class JetScale(VariationSource):
    """Columns of all jets scaled up and down by a relative uncertainty: a size, or that of a correction."""

    shifted: tuple[str, ...]
    size: float | None = None
    correction: Correction | None = None

    def columns(self, known: set[str]) -> Sequence[Column]:
        """The relative uncertainty of every jet."""
        if self.correction is None:
            return [Column(f"{self.name}_size", f"ROOT::RVecF({N_JETS}, {self.size}f)")]
        uncertainty = self.correction.expression(N_JETS, known, usual_inputs("jet", known))
        return [Column(f"{self.name}_size", uncertainty)]

    @property
    def variation(self) -> Variation:
        """Up and down."""
        return _factors(
            self.name, self.shifted, {"up": f"1.f + {self.name}_size", "down": f"1.f - {self.name}_size"}
        )

    @property
    def origin(self) -> str:
        """The size, or the correction."""
        return f"{self.size:.2%}" if self.correction is None else self.correction.name


@dataclass(frozen=True)
class JetSmearing(VariationSource):
    """Columns of all jets smeared by a Gaussian of a relative size, all by the same number of each jet.

    Simulation cannot be made better than it is: there is no shift down.
    """

    shifted: tuple[str, ...]
    size: float

    def columns(self, known: set[str]) -> Sequence[Column]:  # noqa: ARG002
        """The factor of every jet."""
        headers.load("mapless/smearing.h")
        return [Column(f"{self.name}_factor", f"mapless::smeared({_gaussians(self.name)}, {self.size}f)")]

    @property
    def variation(self) -> Variation:
        """Up only."""
        return _factors(self.name, self.shifted, {"up": f"{self.name}_factor"})

    @property
    def origin(self) -> str:
        """The size."""
        return f"smeared by {self.size:.2%}"


@dataclass(frozen=True)
class JetResolution(VariationSource):
    """The resolution that jets have in data, and its uncertainty, by files of correctionlib.

    `resolution` is that of simulation, `scale` what data have more of it, with the words "nom", "up" and
    "down" for its input `systematic`. Momentum and mass are smeared in all events. Of NanoAOD jets the
    difference to the generated jet is scaled where there is one (hybrid method of CMS, arXiv:1607.03663).
    """

    file: Path
    resolution: str
    scale: str
    inputs: Mapping[str, str] = field(default_factory=dict)

    def columns(self, known: set[str]) -> Sequence[Column]:
        """Factors of every jet for the nominal scale and the shifted ones."""
        headers.load("mapless/smearing.h")
        usual = usual_inputs("jet", known)
        resolution = Correction(self.file, self.resolution, self.inputs).expression(N_JETS, known, usual)
        generated = f"ROOT::RVecI({N_JETS}, -1), ROOT::RVecF{{}}"
        if {"FatJet_genJetAK8Idx", "GenJetAK8_pt"} <= known:
            generated = "ROOT::RVecI(FatJet_genJetAK8Idx), GenJetAK8_pt"
        chance, sigma = f"{self.name}_chance", f"{self.name}_resolution"
        made = [Column(chance, _gaussians(self.name)), Column(sigma, resolution)]
        for tag, word in (("nominal", "nom"), ("up", "up"), ("down", "down")):
            scale = Correction(self.file, self.scale, {**self.inputs, "systematic": word})
            arguments = f"jet_pt, {sigma}, {scale.expression(N_JETS, known, usual)}, {generated}, {chance}"
            made.append(Column(f"{self.name}_{tag}", f"mapless::smearing({arguments})"))
        return made

    @property
    def nominal(self) -> Mapping[str, str]:
        """Momentum and mass as data have them."""
        return {name: f"ROOT::RVecF({name} * {self.name}_nominal)" for name in ("jet_pt", "jet_mass")}

    @property
    def variation(self) -> Variation:
        """Up and down, from the nominal resolution."""
        ratios = {tag: f"{self.name}_{tag} / {self.name}_nominal" for tag in ("up", "down")}
        return _factors(self.name, ("jet_pt", "jet_mass"), ratios)

    @property
    def origin(self) -> str:
        """The correction with the uncertainty."""
        return self.scale


def _factors(name: str, columns: tuple[str, ...], factors: Mapping[str, str]) -> Variation:
    shifts = {
        tag: tuple(f"ROOT::RVecF({column} * ({factor}))" for column in columns)
        for tag, factor in factors.items()
    }
    return Variation(name, columns, shifts)


def _gaussians(name: str) -> str:
    """Numbers of every jet that are others for every name."""
    return f"mapless::gaussians(run, luminosity_block, event, {N_JETS}, {zlib.crc32(name.encode())}u)"
