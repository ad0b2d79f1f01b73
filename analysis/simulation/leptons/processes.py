"""Backgrounds with an electron or a muon, as the search of arXiv:2307.01612 takes them, and all by name."""

from typing import Any, Literal

from pydantic import Field

from analysis.simulation.leptons.lepton_process import TO_LEPTONS, LeptonProcess
from analysis.simulation.leptons.signals import ChargedHiggs, Leptoquark, WKKToWPhi, WPrimeToLNu


class TopPairs(LeptonProcess):
    """Top quark pairs by the strong interaction, all decays."""

    def pythia(self) -> list[str]:
        """Gluon fusion and quark annihilation at leading order."""
        return ["Top:gg2ttbar = on", "Top:qqbar2ttbar = on"]

    @property
    def truth_label(self) -> int:
        """-2: top pairs."""
        return -2


class SingleTop(LeptonProcess):
    """Single top quarks by W exchange in the t and s channel, all decays."""

    def pythia(self) -> list[str]:
        """Pythia has no associated production with a W boson."""
        return ["Top:qq2tq(t:W) = on", "Top:ffbar2tqbar(s:W) = on"]

    @property
    def truth_label(self) -> int:
        """-1: single top."""
        return -1


class BosonAndJet(LeptonProcess):
    """A vector boson against a jet."""

    min_hard_pt: float = Field(
        default=60, ge=20, description="smallest transverse momentum in the hard process"
    )

    max_hard_pt: float | None = Field(
        default=None, gt=20, description="largest transverse momentum in the hard process; none by default"
    )

    def phase_space(self) -> list[str]:
        """Pythia's cuts."""
        largest = [] if self.max_hard_pt is None else [f"PhaseSpace:pTHatMax = {self.max_hard_pt}"]
        return [f"PhaseSpace:pTHatMin = {self.min_hard_pt}", *largest]

    @property
    def truth_label(self) -> int:
        """-3: vector bosons."""
        return -3


class WJets(BosonAndJet):
    """A W boson to leptons with a jet."""

    def pythia(self) -> list[str]:
        """A W boson against a quark or a gluon."""
        return [
            "WeakBosonAndParton:qqbar2Wg = on",
            "WeakBosonAndParton:qg2Wq = on",
            "24:onMode = off",
            f"24:onIfAny = {TO_LEPTONS}",
            *self.phase_space(),
        ]


class ZJets(BosonAndJet):
    """A Z boson to charged leptons with a jet."""

    def pythia(self) -> list[str]:
        """A Z boson against a quark or a gluon, without the photon of Drell-Yan."""
        return [
            "WeakBosonAndParton:qqbar2gmZg = on",
            "WeakBosonAndParton:qg2gmZq = on",
            "WeakZ0:gmZmode = 2",
            "23:onMode = off",
            f"23:onIfAny = {TO_LEPTONS}",
            *self.phase_space(),
        ]


class BosonAndPhoton(BosonAndJet):
    """A W or Z boson to leptons with a photon."""

    def pythia(self) -> list[str]:
        """A weak boson against a photon; Z without the photon of Drell-Yan."""
        return [
            "WeakBosonAndParton:ffbar2Wgm = on",
            "WeakBosonAndParton:ffbar2gmZgm = on",
            "WeakZ0:gmZmode = 2",
            *(
                line
                for boson in (23, 24)
                for line in (f"{boson}:onMode = off", f"{boson}:onIfAny = {TO_LEPTONS}")
            ),
            *self.phase_space(),
        ]


class OffShellBoson(LeptonProcess):
    """A W boson, or a Z boson or photon, far above its mass, to leptons."""

    boson: Literal["W", "Z"] = Field(default="W", description="which boson")
    min_mass: float = Field(default=300, gt=100, description="smallest mass of the two leptons")
    max_mass: float | None = Field(default=None, gt=100, description="largest mass; none by default")

    def pythia(self) -> list[str]:
        """A quark and an antiquark to a single boson."""
        process, code = ("ffbar2W", 24) if self.boson == "W" else ("ffbar2gmZ", 23)
        largest = [] if self.max_mass is None else [f"PhaseSpace:mHatMax = {self.max_mass}"]
        return [
            f"WeakSingleBoson:{process} = on",
            f"{code}:onMode = off",
            f"{code}:onIfAny = {TO_LEPTONS}",
            f"PhaseSpace:mHatMin = {self.min_mass}",
            *largest,
        ]

    @property
    def truth_label(self) -> int:
        """-3: vector bosons."""
        return -3


class BosonPairs(LeptonProcess):
    """Two weak bosons of given kinds, all decays."""

    bosons: Literal["WW", "WZ", "ZZ"] = Field(default="WZ", description="which two bosons")

    def pythia(self) -> list[str]:
        """Two bosons of a quark and an antiquark; Z without the photon of Drell-Yan."""
        process = {"WW": "ffbar2WW", "WZ": "ffbar2ZW", "ZZ": "ffbar2gmZgmZ"}[self.bosons]
        return [f"WeakDoubleBoson:{process} = on", "WeakZ0:gmZmode = 2"]

    @property
    def truth_label(self) -> int:
        """-3: vector bosons."""
        return -3


class QCD(LeptonProcess):
    """Multijet production in which one jet is taken for an electron.

    So rarely that jets are taken for electrons more often; the cross section tells how rare it is.
    """

    min_hard_pt: float = Field(
        default=60, ge=20, description="smallest transverse momentum in the hard process"
    )
    fakes_enhancement: float = Field(
        default=5000, ge=1, description="how many times more often jets are taken for electrons"
    )

    def pythia(self) -> list[str]:
        """All processes of two partons to two."""
        return ["HardQCD:all = on", f"PhaseSpace:pTHatMin = {self.min_hard_pt}"]

    def veto(self) -> Any:
        """None: it is jets that are taken for leptons."""
        return None

    @property
    def truth_label(self) -> int:
        """0: QCD."""
        return 0

    @property
    def enhancement(self) -> float:
        """As the user has it."""
        return self.fakes_enhancement


PROCESSES: dict[str, type[LeptonProcess]] = {
    "lepton_ttbar": TopPairs,
    "lepton_single_top": SingleTop,
    "lepton_w_jets": WJets,
    "lepton_z_jets": ZJets,
    "lepton_boson_and_photon": BosonAndPhoton,
    "lepton_off_shell_boson": OffShellBoson,
    "lepton_boson_pairs": BosonPairs,
    "lepton_qcd": QCD,
    "lepton_wkk_to_wphi": WKKToWPhi,
    "lepton_wprime_to_lnu": WPrimeToLNu,
    "lepton_charged_higgs": ChargedHiggs,
    "lepton_leptoquark": Leptoquark,
}
