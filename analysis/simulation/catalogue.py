"""All processes that can be simulated for searches, by name; those of the level-1 trigger are in `level1`."""

from analysis.simulation.backgrounds import QCD, SingleTop, TopPairs, VectorBosonJets
from analysis.simulation.card import Card
from analysis.simulation.gravitons import GravitonToTops, GravitonToWBosons
from analysis.simulation.leptons import processes as leptons
from analysis.simulation.processes import SelectedProcess
from analysis.simulation.signals import (
    ExcitedQuark,
    GravitonToHiggses,
    WKKToRadion,
    WPrimeToBPrime,
    XToYH,
    XToYY,
    ZPrimeToTPrimes,
)
from analysis.simulation.y_to_hx import YToHX

PROCESSES: dict[str, type[SelectedProcess]] = {
    "qcd": QCD,
    "ttbar": TopPairs,
    "single_top": SingleTop,
    "vector_boson_jets": VectorBosonJets,
    "qstar_to_qw": ExcitedQuark,
    "x_to_yy": XToYY,
    "wprime_to_bt": WPrimeToBPrime,
    "wkk_to_rw": WKKToRadion,
    "x_to_yh": XToYH,
    "zprime_to_tt": ZPrimeToTPrimes,
    "y_to_hh": GravitonToHiggses,
    "y_to_hx": YToHX,
    "graviton_to_tt": GravitonToTops,
    "graviton_to_ww": GravitonToWBosons,
    "card": Card,
    **leptons.PROCESSES,
}
