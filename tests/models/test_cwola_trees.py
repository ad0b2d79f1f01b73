"""Boosted trees keep the promises that the networks make; the toy has a known answer."""

import numpy as np
import pytest

from errors import MaplessError
from models.cwola_trees import CWoLaBoostedTrees
from models.detector import create
from models.mass_windows import CMS_WINDOWS
from tests.models import toy

WINDOW = CMS_WINDOWS["B3"]


def _trees(**options):
    return CWoLaBoostedTrees(WINDOW, **{"restarts": 1, "iterations": 30} | options)


@pytest.fixture(scope="module")
def events():
    return toy.mixture(20000, 200, seed=1)


@pytest.fixture(scope="module")
def detector(events):
    return _trees().fit(events)


def test_an_injected_resonance_passes_the_cut_and_background_does_not(detector, events):
    scores = detector.score(events)
    passed = scores > detector.threshold(events, scores)
    assert passed[events["truth_label"] == 1].mean() > 0.3
    assert passed[events["truth_label"] == 0].mean() < 0.02


def test_no_event_is_scored_by_trees_that_saw_it(detector, events):
    """Trees that learn pure noise by heart say nothing about the events held out."""
    noise = np.random.default_rng(3)
    random = events | {
        f"{jet}_{name}": noise.normal(size=len(events["mjj"]))
        for jet in ("jet1", "jet2")
        for name in toy.FEATURES
    }
    outputs = _trees(iterations=200, leaves=63, events_per_leaf=5).fit(random).outputs(random)
    inside = WINDOW.in_signal_region(random["mjj"])
    side = WINDOW.sideband_weights(random["mjj"], np.ones(len(inside))) > 0
    for jet in outputs:
        spread = jet[side].std() * np.sqrt(1 / inside.sum() + 1 / side.sum())
        assert abs(jet[inside].mean() - jet[side].mean()) < 4 * spread


def test_the_seed_decides_the_scores(detector, events):
    np.testing.assert_array_equal(_trees().fit(events).score(events), detector.score(events))
    assert not np.array_equal(_trees(seed=2).fit(events).score(events), detector.score(events))


def test_a_saved_detector_scores_the_same(detector, events, tmp_path):
    detector.save(tmp_path / "detector")
    loaded = CWoLaBoostedTrees.load(tmp_path / "detector")
    np.testing.assert_array_equal(loaded.score(events), detector.score(events))


def test_progress_counts_jets_and_folds(events):
    seen = []
    _trees(iterations=2).fit(events, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(step, 10) for step in range(1, 11)]


def test_an_untrained_detector_says_so(events, tmp_path):
    with pytest.raises(MaplessError, match="not trained"):
        _trees().score(events)
    with pytest.raises(MaplessError, match="call fit before save"):
        _trees().save(tmp_path / "detector")


def test_an_unknown_setting_names_the_known_ones():
    with pytest.raises(MaplessError, match="no setting 'epochs'; it has window, features"):
        create("cwola-hunting-trees", window=WINDOW, epochs=3)
