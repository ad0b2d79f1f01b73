import numpy as np
import pytest

from analysis.simulation.level1.soft_muons import soft_muons


def test_soft_muons_follow_the_pileup_and_are_forward() -> None:
    found = soft_muons(np.array([0] * 1000 + [100] * 20_000), np.random.default_rng(1))
    counts = np.diff(found.muon_starts)
    pt, eta, _ = found.muons.T
    assert not counts[:1000].any()
    assert counts[1000:].mean() == pytest.approx(0.32, rel=0.05)
    assert len(pt) == counts.sum()
    assert (pt - 1).mean() * 0.5 == pytest.approx(1.7, rel=0.05)
    assert np.abs(eta).min() >= 110
    assert np.mean(eta > 0) == pytest.approx(0.5, abs=0.03)
    assert found.tower.size == 0
