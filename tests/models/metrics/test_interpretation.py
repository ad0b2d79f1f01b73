"""A feature that carries the signal is named by what a detector has learnt, and by what it selects."""

import numpy as np
import pytest

from errors import MaplessError
from models.metrics.interpretation import feature_distances, permutation_importance
from models.weak_supervision.trees import CWoLaBoostedTrees
from tests.models import toy

SEEN = ("jet1_softdrop_mass", "jet1_tau21", "jet1_tau32", "jet1_lsf3", "jet1_b_tag")
PLANTED = "jet1_lsf3"


@pytest.fixture(scope="module")
def events():
    """Background, and signal in the window that differs from it in one feature only."""
    background = toy.background(20_000, seed=1)
    random = np.random.default_rng(2)
    inside = toy.WINDOW.in_signal_region(background["mjj"])
    signal = inside & (random.uniform(size=len(background)) < 0.1)
    planted = np.where(signal, random.normal(0.95, 0.01, len(background)), background[PLANTED])
    return background.but(**{PLANTED: planted})


@pytest.fixture(scope="module")
def detector(events):
    made = CWoLaBoostedTrees(toy.WINDOW, {"jet1": SEEN}, folds=2, restarts=1, iterations=20)
    return made.fit({"events": events})


@pytest.fixture(scope="module")
def is_kept(detector, events):
    threshold = np.quantile(detector.score(events)["score"], 0.99)
    return lambda some: detector.score(some)["score"] > threshold


def test_the_selection_hangs_on_the_planted_feature_the_most(is_kept, events):
    kept = is_kept(events)
    found = permutation_importance(is_kept, events, kept, [*SEEN, "jet2_tau21"])
    (first, largest), (_, second), *_ = found.items()
    assert first == PLANTED
    assert largest > 0.8 > 2 * second
    assert found["jet2_tau21"] == 0  # which the detector does not see
    assert found == permutation_importance(is_kept, events, kept, [*SEEN, "jet2_tau21"])


def test_the_planted_feature_differs_the_most_among_selected_events(detector, events):
    score = detector.score(events)["score"]
    found = feature_distances({name: events[name] for name in SEEN}, score > np.quantile(score, 0.99))
    assert next(iter(found)) == PLANTED
    assert found[PLANTED] > 0.8


def test_what_cannot_be_told_is_refused(is_kept, events):
    all_of_them = np.ones(len(events), bool)
    with pytest.raises(MaplessError, match="'nothing' is missing"):
        permutation_importance(is_kept, events, is_kept(events), ["nothing"])
    for kept in (all_of_them, ~all_of_them):
        with pytest.raises(MaplessError, match="all or no events"):
            permutation_importance(is_kept, events, kept, [PLANTED])
        with pytest.raises(MaplessError, match="all or no events"):
            feature_distances({PLANTED: events[PLANTED]}, kept)
