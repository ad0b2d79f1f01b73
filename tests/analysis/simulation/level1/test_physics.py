"""What simulated crossings must show; the reference is the study of the CMS-like trigger at pile-up 50."""

from pathlib import Path

import numpy as np
import pytest

from analysis.simulation.level1 import Level1Sample, simulate
from analysis.simulation.level1.pool import EMBEDDED, HARD_SCALES, Pool, PoolRecipe, collide
from selections.level1 import Level1Events, read
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


def test_zero_bias_has_the_known_missing_energy_and_soft_objects(crossings: Level1Events) -> None:
    assert np.median(leading(crossings, "met")) == pytest.approx(32, abs=3)
    assert np.median(leading(crossings, "egamma")) == pytest.approx(6, abs=2)
    assert 20 < np.median(leading(crossings, "jet")) < 36
    assert 60 < np.percentile(leading(crossings, "jet"), 99) < 100
    assert (leading(crossings, "muon") > 0).mean() < 0.1


def test_jets_are_ordered_and_inside_the_calorimeter(crossings: Level1Events) -> None:
    jets = crossings.inputs("objects")[:, 27:].reshape(-1, 10, 3)
    assert (np.diff(jets[:, :, 0]) <= 0).all()
    assert np.abs(jets[:, :, 1]).max() <= 65
    assert 0 <= jets[:, :, 2].min() <= jets[:, :, 2].max() < 144


def test_azimuth_and_sign_of_eta_are_evenly_distributed(crossings: Level1Events) -> None:
    objects = crossings.inputs("objects")
    counts = np.bincount(objects[:, 29] // 24, minlength=6)
    assert counts.max() / counts.min() < 1.25
    assert abs(np.mean(objects[:, 28] > 0) - 0.5) < 0.03
    assert crossings.inputs("regions").mean(axis=(0, 2)).std() < 0.3


def test_regions_hold_more_energy_with_more_pileup(crossings: Level1Events) -> None:
    energy = crossings.inputs("regions").sum(axis=(1, 2))
    assert np.corrcoef(energy, crossings.n_pileup)[0, 1] > 0.6


def test_harder_strata_are_rarer_and_make_harder_jets() -> None:
    pool = Pool.load(EMBEDDED)
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
    expected = 1 - Pool.load(EMBEDDED).shares[0]
    assert share == pytest.approx(expected, abs=4 * np.sqrt(expected / 10_000))


@pytest.mark.physics
def test_embedded_collisions_are_made_again_by_their_recipe() -> None:
    pool = Pool.load(EMBEDDED)
    collisions, _ = collide(PoolRecipe.small(), 4, 0, 200)
    first = pool.sizes[:4].sum()
    towers = slice(pool.collisions.starts[first], pool.collisions.starts[first + 200])
    for name in ("tower", "em", "had"):
        assert np.array_equal(getattr(collisions, name), getattr(pool.collisions, name)[towers])


@pytest.mark.physics
@pytest.mark.parametrize(
    ("process", "met", "jet", "muons"),
    [
        ("level1_ttbar", 60, 93, 0.6),
        ("level1_h_to_4b", 41, 49, 0.35),
        ("level1_h_to_4tau", 42, 46, 0.43),
        ("level1_a_to_4l", 39, 39, 1.45),
        ("level1_leptoquark", 195, 310, 0.74),
        ("level1_charged_higgs", 95, 109, 0.47),
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
