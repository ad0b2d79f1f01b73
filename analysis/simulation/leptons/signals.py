"""Signals with an electron or a muon."""

from pydantic import Field

from analysis.simulation.leptons.lepton_process import TO_LEPTONS, LeptonProcess
from analysis.simulation.new_particles import W_BOSON, decays, resonance, scalar

W_PRIME, PHI, CHARGED_HIGGS, LEPTOQUARK = 34, 9000001, 37, 42


class WKKToWPhi(LeptonProcess):
    """W_KK -> W phi with phi to two quarks, flavours u d s c b alike: a dijet resonance beside a lepton."""

    resonance_mass: float = Field(default=2000, gt=200, description="mass of the resonance")
    phi_mass: float = Field(default=500, gt=20, description="mass of phi")

    def pythia(self) -> list[str]:
        """The Kaluza-Klein W is Pythia's W'; the W boson decays to leptons."""
        return [
            "NewGaugeBoson:ffbar2Wprime = on",
            *resonance(W_PRIME, self.resonance_mass, 0.01 * self.resonance_mass),
            *scalar(PHI, "phinew", self.phi_mass),
            *decays(W_PRIME, [(1.0, (W_BOSON, PHI))]),
            "24:onMode = off",
            f"24:onIfAny = {TO_LEPTONS}",
        ]


class WPrimeToLNu(LeptonProcess):
    """W' -> l nu, with the couplings of the W boson."""

    resonance_mass: float = Field(default=1000, gt=200, description="mass of the resonance")

    def pythia(self) -> list[str]:
        """Pythia's W' with the width that its couplings give it."""
        return [
            "NewGaugeBoson:ffbar2Wprime = on",
            f"{W_PRIME}:m0 = {self.resonance_mass}",
            f"{W_PRIME}:onMode = off",
            f"{W_PRIME}:onIfAny = {TO_LEPTONS}",
        ]


class ChargedHiggs(LeptonProcess):
    """b g -> H+ t with H+ to a top and a bottom quark."""

    higgs_mass: float = Field(default=800, gt=200, description="mass of the charged Higgs boson")

    def pythia(self) -> list[str]:
        """Pythia starts no such process without useBSM."""
        return [
            "Higgs:useBSM = on",
            "HiggsBSM:bg2H+-t = on",
            f"{CHARGED_HIGGS}:m0 = {self.higgs_mass}",
            f"{CHARGED_HIGGS}:onMode = off",
            f"{CHARGED_HIGGS}:onIfMatch = 5 6",
        ]


class Leptoquark(LeptonProcess):
    """u g -> leptoquark + muon, with the scalar leptoquark to an up quark and a muon."""

    leptoquark_mass: float = Field(default=2000, gt=200, description="mass of the leptoquark")

    def pythia(self) -> list[str]:
        """Flavours of the production are those of the decay."""
        return [
            "LeptoQuark:qg2LQl = on",
            "LeptoQuark:kCoup = 0.01",
            f"{LEPTOQUARK}:0:products = 2 13",
            *resonance(LEPTOQUARK, self.leptoquark_mass, 0.005 * self.leptoquark_mass),
        ]
