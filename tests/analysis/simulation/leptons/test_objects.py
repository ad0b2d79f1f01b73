"""What lies around a lepton, how often it is identified, and which jets are taken for electrons."""

import numpy as np
import pytest

from analysis.simulation.catalogue import PROCESSES
from analysis.simulation.detector import CHARGED_HADRON, ELECTRON, MUON, PHOTON, Objects
from analysis.simulation.jets import b_tag_score
from analysis.simulation.leptons.lepton_process import LeptonProcess
from analysis.simulation.leptons.objects import Found, find
from analysis.simulation.leptons.performance import ObjectPerformance
from analysis.simulation.leptons.selection import fake_electrons, triggered
from analysis.simulation.leptons.small_jets import B_TAG_SHAPES
from analysis.simulation.processes import create
from errors import MaplessError

ALWAYS = (1.0, 1.0, 1.0)


def objects(*rows: tuple[int, int, float, float, float]) -> Objects:
    """Objects from event, kind, pt, eta and phi; the charge is 1."""
    event, kind, *momentum = map(np.array, zip(*rows, strict=True))
    return Objects(event, kind, *(column.astype(np.float32) for column in momentum), np.ones(len(event)))


def found(some: Objects, kind: int, **options: object) -> Found:
    starts = np.concatenate([[0], np.cumsum(np.bincount(some.event))])
    return find(some, starts, kind, 10, 0.4, rng=np.random.default_rng(1), efficiencies=ALWAYS, **options)


def test_isolation_counts_what_is_near_in_the_same_event() -> None:
    muon = found(
        objects(
            (0, MUON, 100, 0.0, 3.1),
            (0, CHARGED_HADRON, 10, 0.0, -3.1),  # 0.08 away, across the seam
            (0, PHOTON, 5, 0.3, 3.1),
            (0, CHARGED_HADRON, 50, 0.5, 3.1),
            (1, CHARGED_HADRON, 50, 0.0, 3.1),
        ),
        MUON,
    )
    assert muon.pt.tolist() == [100]
    assert muon.isolation.tolist() == pytest.approx([0.15])


def test_photons_in_the_cluster_of_an_electron_belong_to_it() -> None:
    electron = found(
        objects((0, ELECTRON, 90, 1, 1), (0, PHOTON, 10, 1.05, 1), (0, PHOTON, 20, 1.3, 1)),
        ELECTRON,
        dressing=0.1,
    )
    assert electron.pt.tolist() == pytest.approx([100])
    assert electron.isolation.tolist() == pytest.approx([0.2])


def test_working_points_are_as_efficient_as_they_say_and_contain_each_other() -> None:
    many = objects(*((n, MUON, 50, 0, 0) for n in range(4000)))
    starts, rng = np.arange(4001), np.random.default_rng(2)
    level = find(many, starts, MUON, 10, 0.4, (0.9, 0.8, 0.7), rng).identification
    for point, efficiency in enumerate((0.9, 0.8, 0.7), start=1):
        assert np.mean(level >= point) == pytest.approx(efficiency, abs=0.02)
    with pytest.raises(MaplessError, match="muon_identification: .*must fall from loose to tight"):
        create("lepton_ttbar", PROCESSES, performance={"muon_identification": [0.7, 0.8, 0.9]})


def test_triggers_fire_as_often_as_published() -> None:
    n = 4000
    each = np.arange(n)
    eta, ones = np.where(each % 2, 0.5, 2.0), np.ones(n)
    leptons = Found(each, 100 * ones, eta, 0 * ones, ones, 0 * ones, ones)
    nothing = leptons.select(slice(0))
    rng, performance = np.random.default_rng(3), ObjectPerformance()
    assert len(triggered(leptons, nothing, performance, rng)) / n == pytest.approx(0.96, abs=0.01)
    fired = triggered(nothing, leptons, performance, rng)
    assert np.mean(np.isin(each, fired)[each % 2 == 1]) == pytest.approx(0.68, abs=0.03)
    assert np.mean(np.isin(each, fired)[each % 2 == 0]) == pytest.approx(0.85, abs=0.03)


def test_jets_are_taken_for_electrons_as_often_as_published() -> None:
    n = 200_000
    jets = {"event": np.arange(n) // 2, "pt": np.full(n, 70.0), "eta": np.zeros(n), "phi": np.zeros(n)}
    jets["pt"][::4] = 50  # below the threshold
    rate = 1e-5
    for name, times in (("lepton_ttbar", 1), ("lepton_qcd", 5000)):
        process = create(name, PROCESSES)
        assert isinstance(process, LeptonProcess)
        fakes = fake_electrons(jets, process, np.random.default_rng(4))
        expected = n / 4 * (rate * times + 1 - (1 - rate * times) ** 2)
        assert len(fakes.event) == pytest.approx(expected, abs=4 * np.sqrt(expected))
        assert len(np.unique(fakes.event)) == len(fakes.event)
        assert set(fakes.pt.tolist()) == {70.0}


def test_b_tags_are_those_of_the_working_point() -> None:
    rng = np.random.default_rng(5)
    for flavour, efficiency in ((5, 0.77), (4, 0.20), (0, 0.01)):
        scores = b_tag_score(np.full(20_000, flavour), rng, B_TAG_SHAPES)
        assert np.mean(scores > 0.4) == pytest.approx(efficiency, abs=0.01)
