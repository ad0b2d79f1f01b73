"""What all processes with an electron or a muon have: which events are kept, and how well objects are found.

Leptons come from the hard process, or are jets that are taken for electrons; those of decays of hadrons are
there, but no event is made for them.
"""

from typing import Any

from pydantic import Field

from analysis.simulation.leptons.performance import ObjectPerformance
from analysis.simulation.processes import SelectedProcess
from analysis.simulation.vetoes import lepton_veto
from selections.clustering import JetCriteria

TO_LEPTONS = "11 13 15"


class LeptonProcess(SelectedProcess):
    """A process in events with a loosely identified and isolated electron or muon."""

    min_lepton_pt: float = Field(
        default=60, ge=20, description="smallest transverse momentum of the leading lepton"
    )
    min_large_jet_pt: float = Field(
        default=200, ge=100, description="smallest transverse momentum of large jets to store"
    )
    max_jets: int = Field(default=3, ge=1, le=3, description="leading large jets to store")
    performance: ObjectPerformance = Field(
        default=ObjectPerformance(), description="efficiencies and rates of fakes"
    )

    @property
    def jet_criteria(self) -> JetCriteria:
        """Any number of large jets."""
        return JetCriteria(
            self.min_large_jet_pt,
            max_jets=self.max_jets,
            max_constituents=self.max_constituents,
            min_jets=0,
        )

    def veto(self) -> Any:
        """Hard processes without a lepton, with looser cuts than those on what is reconstructed."""
        return lepton_veto(0.8 * self.min_lepton_pt, 1.1 * self.min_lepton_pt)
