"""What simulated crossings must show; of zero bias, what the inputs of a deployed network tell of data."""

from pathlib import Path

import numpy as np
import pytest

from analysis.simulation.level1 import Level1Sample, simulate
from analysis.simulation.level1.pool import EMBEDDED, HARD_SCALES, CollisionPool, PoolRecipe, collide
from selections.level1 import Level1Events, read
from selections.level1.hardware import INPUT_NAMES, PT_STEP
from selections.level1.seeds import momenta


def leading(events: Level1Events, kind: str) -> np.ndarray:
    """Transverse momentum of the hardest object in GeV."""
    return momenta(events.inputs("objects"), kind)[:, 0]


@pytest.fixture(scope="module")
def crossings(zero_bias: Level1Sample) -> Level1Events:
    return read(zero_bias.path)


def test_pileup_is_poisson_distributed(crossings: Level1Events) -> None:
    assert crossings.n_pileup.mean() == pytest.approx(50, abs=0.5)
    assert crossings.n_pileup.var() == pytest.approx(50, rel=0.06)


# (5 % + 95 % quantile) / 2 of momenta in GeV, empty slots as 0, of data: `ad_offsets` of AXOL1TL v3 in
# github.com/cms-hls4ml/AXOL1TL at eea90cc
PUBLISHED_MOMENTA = {
    "met0": 18, "egamma0": 7, "egamma1": 3, "muon0": 2,
    "jet0": 23, "jet1": 15.5, "jet2": 11.5, "jet3": 9, "jet4": 6, "jet5": 3,
}  # fmt: skip
# the same of phi is n_phi / 2 (1 - 0.05 / f) where a fraction f of the slots is filled, f < 0.95
PUBLISHED_PHI = {"muon0": 212, "jet1": 66, "jet2": 64, "jet3": 58, "jet4": 44, "jet5": 14}


@pytest.mark.parametrize("slot", PUBLISHED_MOMENTA)
def test_momenta_in_zero_bias_are_those_of_data(crossings: Level1Events, slot: str) -> None:
    momenta = crossings.inputs("objects")[:, INPUT_NAMES.index(f"{slot}_pt")] * PT_STEP
    published = PUBLISHED_MOMENTA[slot]
    assert np.quantile(momenta, (0.05, 0.95)).mean() == pytest.approx(published, rel=0.2, abs=1)


@pytest.mark.parametrize("slot", PUBLISHED_PHI)
def test_as_many_slots_are_filled_as_in_data(crossings: Level1Events, slot: str) -> None:
    n_phi = 576 if slot == "muon0" else 144
    published = 0.05 / (1 - 2 * PUBLISHED_PHI[slot] / n_phi)
    filled = (crossings.inputs("objects")[:, INPUT_NAMES.index(f"{slot}_pt")] > 0).mean()
    assert filled == pytest.approx(published, abs=0.06, rel=0.3)


def test_hard_objects_are_rare(crossings: Level1Events) -> None:
    assert 40 < np.percentile(leading(crossings, "jet"), 99) < 80
    assert (leading(crossings, "met") > 80).mean() < 1e-3
    assert (leading(crossings, "muon") > 10).mean() < 5e-3


def test_jets_are_ordered_and_inside_the_calorimeter(crossings: Level1Events) -> None:
    jets = crossings.inputs("objects")[:, 27:].reshape(-1, 10, 3)
    assert (np.diff(jets[:, :, 0]) <= 0).all()
    assert np.abs(jets[:, :, 1]).max() <= 65
    assert 0 <= jets[:, :, 2].min() <= jets[:, :, 2].max() < 144


def test_azimuth_and_sign_of_eta_are_evenly_distributed(crossings: Level1Events) -> None:
    objects = crossings.inputs("objects")
    objects = objects[objects[:, 27] > 0]  # with a jet
    counts = np.bincount(objects[:, 29] // 24, minlength=6)
    assert counts.max() / counts.min() < 1.25
    assert abs(np.mean(objects[:, 28] > 0) - 0.5) < 0.03
    assert crossings.inputs("regions").mean(axis=(0, 2)).std() < 0.3


def test_regions_hold_more_energy_with_more_pileup(crossings: Level1Events) -> None:
    energy = crossings.inputs("regions").sum(axis=(1, 2))
    assert np.corrcoef(energy, crossings.n_pileup)[0, 1] > 0.45


def test_harder_strata_are_rarer_and_make_harder_jets() -> None:
    pool = CollisionPool.load(EMBEDDED)
    hard = pool.cross_sections[1:-1]
    assert (hard[1:] < 0.1 * hard[:-1]).all()
    assert pool.shares.sum() == pytest.approx(1)
    assert pool.shares[0] == pytest.approx(0.99, abs=0.005)
    towers = np.diff(pool.collisions.starts)
    energy = np.add.reduceat(
        pool.collisions.em.astype(int) + pool.collisions.had, pool.collisions.starts[:-1]
    )
    stratum = np.repeat(np.arange(len(pool.sizes)), pool.sizes)
    means = [energy[(stratum == i) & (towers > 0)].mean() for i in range(5)]
    assert (np.diff(means) > 0).all()


@pytest.mark.physics
def test_ordinary_collisions_lack_what_the_hard_strata_have() -> None:
    """The share of inelastic events above 20 GeV is the cross section of multijets above 20 GeV."""
    from analysis.simulation.generator import Generator
    from analysis.simulation.level1.processes import ZeroBias

    scales = [b.hard_scale for b in Generator(ZeroBias(), "full", 5).batches(10_000)]
    share = np.mean(np.concatenate(scales) > HARD_SCALES[0])
    expected = 1 - CollisionPool.load(EMBEDDED).shares[0]
    assert share == pytest.approx(expected, abs=4 * np.sqrt(expected / 10_000))


@pytest.mark.physics
def test_embedded_collisions_are_made_again_by_their_recipe() -> None:
    pool = CollisionPool.load(EMBEDDED)
    collisions, _ = collide(PoolRecipe.small(), 4, 0, 200)
    first = pool.sizes[:4].sum()
    towers = slice(pool.collisions.starts[first], pool.collisions.starts[first + 200])
    for name in ("tower", "em", "had"):
        assert np.array_equal(getattr(collisions, name), getattr(pool.collisions, name)[towers])


@pytest.mark.physics
@pytest.mark.parametrize(
    ("process", "met", "jet", "muons"),
    [
        ("level1_ttbar", 42, 100, 0.75),
        ("level1_h_to_4b", 20, 47, 0.5),
        ("level1_h_to_4tau", 24, 47, 0.6),
        ("level1_a_to_4l", 21, 34, 1.5),
        ("level1_leptoquark", 144, 280, 0.87),
        ("level1_charged_higgs", 71, 107, 0.67),
    ],
)
def test_signals_have_their_hard_objects(tmp_path: Path, process: str, met: float, jet: float, muons) -> None:
    sample = simulate(process, 600, output=tmp_path / "x.root", seed=3, workers=1, quality="tiny")
    events = read(sample.path)
    assert np.median(leading(events, "met")) == pytest.approx(met, rel=0.15)
    assert np.median(leading(events, "jet")) == pytest.approx(jet, rel=0.15)
    n_muons = (events.inputs("objects")[:, 15:27:3] > 0).sum(axis=1)
    assert n_muons.mean() == pytest.approx(muons, rel=0.2)


def test_top_pairs_stand_out_of_zero_bias(tmp_path: Path, crossings: Level1Events) -> None:
    sample = simulate("level1_ttbar", 40, output=tmp_path / "x.root", workers=1, quality="tiny")
    events = read(sample.path)
    assert np.median(leading(events, "jet")) > 2 * np.median(leading(crossings, "jet"))
    assert np.median(leading(events, "met")) > 1.3 * np.median(leading(crossings, "met"))
    assert sample.cross_section == pytest.approx(557, rel=0.2)
