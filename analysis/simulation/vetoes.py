"""Hooks that stop Pythia early in events that would not be selected; its cross sections know of it."""

import math
from typing import Any

SHOWER_SCALE = 25.0  # GeV: the hard emissions are done, the soft ones and the hadrons still to come
ELECTRON, MUON, TAU = 11, 13, 15  # in the PDG numbering


def dijet_veto(min_mass: float, min_pt: float, max_delta_eta: float, radius: float) -> Any:
    """A hook that stops a shower whose two leading jets of a radius are outside of a dijet slice (GeV).

    It looks when the shower has come down to `SHOWER_SCALE`, before underlying event and hadrons.
    """
    import pythia8mc

    class DijetVeto(pythia8mc.UserHooks):
        def __init__(self) -> None:
            super().__init__()
            self.jets = pythia8mc.SlowJet(-1, radius, 100.0, 4.0, 2, 1, None, False)  # the last: quietly

        def canVetoPT(self) -> bool:  # noqa: N802 - Pythia's name
            return True

        def scaleVetoPT(self) -> float:  # noqa: N802
            return SHOWER_SCALE

        def doVetoPT(self, _position: int, event: Any) -> bool:  # noqa: N802
            self.jets.analyze(event)
            if self.jets.sizeJet() < 2 or self.jets.pT(1) < min_pt:  # noqa: PLR2004 - a dijet
                return True
            first, second = self.jets.p(0), self.jets.p(1)
            return (first + second).mCalc() < min_mass or abs(first.eta() - second.eta()) > max_delta_eta

    return DijetVeto()


def lepton_veto(min_pt: float, min_tau_pt: float) -> Any:
    """A hook that stops an event whose hard process ends without a lepton above a momentum (GeV).

    Tau leptons have a threshold of their own, as electrons and muons get only a part of it. The hook looks
    before the shower.
    """
    thresholds = {ELECTRON: min_pt, MUON: min_pt, TAU: min_tau_pt}
    import pythia8mc

    class LeptonVeto(pythia8mc.UserHooks):
        def canVetoProcessLevel(self) -> bool:  # noqa: N802 - Pythia's name
            return True

        def doVetoProcessLevel(self, process: Any) -> bool:  # noqa: N802
            particles = (process[i] for i in range(process.size()))
            return not any(
                one.isFinal() and one.pT() > thresholds.get(one.idAbs(), math.inf) for one in particles
            )

    return LeptonVeto()
