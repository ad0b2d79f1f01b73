"""What may happen in a bunch crossing: pile-up alone (zero bias), or one hard collision of a signal in it."""

from pydantic import Field

from analysis.simulation.new_particles import scalar
from analysis.simulation.processes import GeneratedProcess

RUN_3_ENERGY = 13600.0  # GeV


class Crossing(GeneratedProcess):
    """What all bunch crossings share."""

    beam_energy: float = Field(default=RUN_3_ENERGY, gt=0, description="proton-proton centre-of-mass energy")
    pileup: float = Field(default=50, ge=0, le=200, description="mean number of inelastic collisions")


class ZeroBias(Crossing):
    """A crossing without any requirement: nothing but pile-up."""

    def pythia(self) -> list[str]:
        """Every inelastic collision."""
        return ["SoftQCD:inelastic = on"]


class TopPair(Crossing):
    """Top quark pairs, all decays."""

    def pythia(self) -> list[str]:
        """Strong production at leading order."""
        return ["Top:gg2ttbar = on", "Top:qqbar2ttbar = on"]


class HiggsToPseudoscalars(Crossing):
    """h(125) -> a a -> 4 fermions: the Higgs boson of the standard model decays to light pseudoscalars."""

    pseudoscalar_mass: float = Field(default=30, gt=10, lt=62.5, description="mass of a")
    fermion: int = Field(default=5, description="PDG number of the fermion: 5 (b) or 15 (tau)")

    def pythia(self) -> list[str]:
        """Gluon fusion, every h to two a."""
        return [
            "HiggsSM:gg2H = on",
            "25:onMode = off",
            "25:addChannel = 1 1.0 103 36 36",
            f"36:m0 = {self.pseudoscalar_mass}",
            "36:mWidth = 0.01",
            f"36:mMin = {self.pseudoscalar_mass - 1}",
            f"36:mMax = {self.pseudoscalar_mass + 1}",
            f"36:oneChannel = 1 1.0 103 {self.fermion} -{self.fermion}",
        ]


class HiggsToTaus(HiggsToPseudoscalars):
    """h(125) -> a a -> 4 tau."""

    pseudoscalar_mass: float = Field(default=20, gt=10, lt=62.5, description="mass of a")
    fermion: int = Field(default=15, description="PDG number of the fermion: 5 (b) or 15 (tau)")


class PseudoscalarToLeptons(Crossing):
    """A -> 4 leptons through two light scalars, electrons and muons alike (arXiv:2108.03986)."""

    pseudoscalar_mass: float = Field(default=50, gt=0, description="mass of A")
    scalar_mass: float = Field(default=15, gt=0, description="mass of the scalar")

    def pythia(self) -> list[str]:
        """Gluon fusion to A; Pythia starts no Higgs process beyond the standard model without useBSM."""
        return [
            "Higgs:useBSM = on",
            "HiggsBSM:gg2A3 = on",
            f"36:m0 = {self.pseudoscalar_mass}",
            *scalar(9000051, "lightscalar", self.scalar_mass),
            "9000051:oneChannel = 1 0.5 103 11 -11",
            "9000051:addChannel = 1 0.5 103 13 -13",
            "36:onMode = off",
            "36:addChannel = 1 1.0 103 9000051 9000051",
        ]


class LeptoquarkPair(Crossing):
    """Pairs of scalar leptoquarks, each to a bottom quark and a tau lepton."""

    leptoquark_mass: float = Field(default=600, gt=0, description="mass of the leptoquark")

    def pythia(self) -> list[str]:
        """Strong pair production."""
        return [
            "LeptoQuark:gg2LQLQbar = on",
            "LeptoQuark:qqbar2LQLQbar = on",
            f"42:m0 = {self.leptoquark_mass}",
            "42:0:products = 5 15",
        ]


class ChargedHiggsToTau(Crossing):
    """A charged Higgs boson with a top quark, H+ -> tau nu."""

    higgs_mass: float = Field(default=200, gt=0, description="mass of the charged Higgs boson")

    def pythia(self) -> list[str]:
        """b g -> H+- t, every H+ to tau."""
        return [
            "Higgs:useBSM = on",
            "HiggsBSM:bg2H+-t = on",
            f"37:m0 = {self.higgs_mass}",
            "37:onMode = off",
            "37:onIfAny = 15",
        ]


PROCESSES: dict[str, type[Crossing]] = {
    "level1_zero_bias": ZeroBias,
    "level1_ttbar": TopPair,
    "level1_h_to_4b": HiggsToPseudoscalars,
    "level1_h_to_4tau": HiggsToTaus,
    "level1_a_to_4l": PseudoscalarToLeptons,
    "level1_leptoquark": LeptoquarkPair,
    "level1_charged_higgs": ChargedHiggsToTau,
}
