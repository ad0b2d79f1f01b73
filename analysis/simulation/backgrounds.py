"""Backgrounds of dijet searches."""

from math import cosh

from pydantic import Field

from analysis.simulation.processes import DijetProcess


class Background(DijetProcess):
    """A background in a slice of the dijet mass.

    The slice is cut on the reconstructed mass; the cuts on partons only save time.
    """

    parton_margin: float = Field(default=0.75, gt=0, lt=1, description="parton cuts over reconstructed ones")

    def phase_space(self) -> list[str]:
        """Pythia's cuts: at given mass the smallest momentum is reached at the largest |delta eta|."""
        smallest_pt = max(self.min_pt, self.mjj_min / 2 / cosh(self.max_delta_eta / 2))
        return [
            f"PhaseSpace:pTHatMin = {self.parton_margin * smallest_pt}",
            f"PhaseSpace:mHatMin = {self.parton_margin * self.mjj_min}",
        ]


class QCD(Background):
    """Multijet production, all 2 -> 2 QCD processes at leading order, in a slice of the dijet mass.

    The margins are the ratio of the cuts on partons and shower to the reconstructed ones. From 2.2 TeV on the
    defaults lose 1.3 +- 0.3 % of the events, of which the shower margin alone 0.5 %; smaller margins lose
    fewer and take longer.
    """

    shower_margin: float = Field(
        default=0.9, gt=0, lt=1, description="dijet mass in the shower over reconstructed"
    )

    def pythia(self) -> list[str]:
        """All processes of two partons to two."""
        return ["HardQCD:all = on", *self.phase_space()]

    @property
    def truth_label(self) -> int:
        """0: QCD."""
        return 0

    @property
    def veto_mass(self) -> float:
        """Most QCD events fail the slice, and the shower tells early."""
        return self.shower_margin * self.mjj_min


class SingleTop(Background):
    """Single top quarks by W exchange in the t and s channel, all decays."""

    def pythia(self) -> list[str]:
        """Pythia has no associated production with a W boson."""
        return ["Top:qq2tq(t:W) = on", "Top:ffbar2tqbar(s:W) = on", *self.phase_space()]

    @property
    def truth_label(self) -> int:
        """-1: single top."""
        return -1


class TopPairs(Background):
    """Top quark pairs by the strong interaction, all decays."""

    def pythia(self) -> list[str]:
        """Gluon fusion and quark annihilation at leading order."""
        return ["Top:gg2ttbar = on", "Top:qqbar2ttbar = on", *self.phase_space()]

    @property
    def truth_label(self) -> int:
        """-2: top pairs."""
        return -2


class VectorBosonJets(Background):
    """A W or Z boson with a jet, all decays."""

    def pythia(self) -> list[str]:
        """A weak boson against a quark or a gluon; Z without the photon of Drell-Yan."""
        return [
            *(f"WeakBosonAndParton:{which} = on" for which in ("qqbar2gmZg", "qg2gmZq", "qqbar2Wg", "qg2Wq")),
            "WeakZ0:gmZmode = 2",
            *self.phase_space(),
        ]

    @property
    def truth_label(self) -> int:
        """-3: vector bosons."""
        return -3
