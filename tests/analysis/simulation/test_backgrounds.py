"""Backgrounds have the cross sections and the masses that are known."""

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest

from analysis.simulation import simulate
from analysis.simulation.generator import Generator
from analysis.simulation.leptons.lepton_process import LeptonProcess
from analysis.simulation.leptons.processes import TopPairs, WJets, ZJets
from tests.analysis.simulation.conftest import read

pytestmark = pytest.mark.physics


class AllTopPairs(TopPairs):
    """Without a lepton, too."""

    def veto(self) -> Any:
        """None."""
        return None


class AllWJets(WJets):
    """Soft leptons, too."""

    def veto(self) -> Any:
        """None."""
        return None


class AllZJets(ZJets):
    """Soft leptons, too."""

    def veto(self) -> Any:
        """None."""
        return None


@pytest.mark.parametrize(
    ("process", "expected", "tolerance"),
    [
        (AllTopPairs(), 505, 0.06),  # 832 pb at next-to-next-to-leading order, arXiv:1303.6254
        (AllWJets(), 1.5 * 1220, 0.06),  # of W to electrons and muons: a third more are tau leptons
        (AllZJets(), 1.5 * 152, 0.1),  # that has the photon of Drell-Yan, too
    ],
)
def test_cross_sections_are_those_of_pythia_at_leading_order(
    process: LeptonProcess, expected: float, tolerance: float
) -> None:
    generator = Generator(process, "tiny", 5)
    assert sum(batch.n_events for batch in generator.batches(1500)) == 1500
    assert generator.cross_section == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize(
    ("name", "low", "high", "share"),
    [("ttbar", 150, 195, 0.25), ("vector_boson_jets", 70, 105, 0.15)],
)
def test_large_jets_have_the_mass_of_top_quarks_and_vector_bosons(
    tmp_path: Path, name: str, low: float, high: float, share: float
) -> None:
    sample = simulate(name, 300, output=tmp_path / "jets.root", seed=6, workers=1, quality="tiny")
    mass = ak.to_numpy(ak.flatten(read(sample.path)["jet_softdrop_mass"][:, :2]))
    counts, edges = np.histogram(mass[mass > 50], np.arange(50, 300, 15))
    print(name, counts, np.mean((mass > low) & (mass < high)))
    assert low - 15 <= edges[counts.argmax()] < high
    assert np.mean((mass > low) & (mass < high)) > share
