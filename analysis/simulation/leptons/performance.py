"""How often leptons and photons are identified and trigger, and how often jets are taken for electrons."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

Probability = Annotated[float, Field(ge=0, le=1)]
WorkingPoints = tuple[Probability, Probability, Probability]
"""Efficiencies of the loose, the medium and the tight working point, each a part of the one before."""


class ObjectPerformance(BaseModel):
    """Efficiencies and rates of fakes.

    Identification of electrons and photons as in arXiv:2012.06888 and of muons as in arXiv:1804.04528 (CMS).
    Triggers of single electrons as in arXiv:1909.00761, 60 GeV and more, and of single muons inside and
    outside of |eta| = 1.05 as in arXiv:2004.13447 (ATLAS). One of 10^5 jets is taken for a tight, isolated
    electron, as in arXiv:0901.0512 (ATLAS).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    electron_identification: WorkingPoints = (0.90, 0.80, 0.70)
    muon_identification: WorkingPoints = (0.99, 0.98, 0.96)
    photon_identification: WorkingPoints = (0.90, 0.80, 0.70)
    electron_trigger: Probability = 0.96
    muon_trigger_barrel: Probability = 0.68
    muon_trigger_endcap: Probability = 0.85
    electron_fakes: Probability = 1e-5

    @field_validator("electron_identification", "muon_identification", "photon_identification")
    @classmethod
    def tighter_is_rarer(cls, efficiencies: WorkingPoints) -> WorkingPoints:
        """What is tight is medium, and what is medium is loose."""
        if list(efficiencies) != sorted(efficiencies, reverse=True):
            raise ValueError("efficiencies must fall from loose to tight")
        return efficiencies
