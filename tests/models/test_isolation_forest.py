import numpy as np
import pytest

from errors import MaplessError
from models.isolation_forest import IsolationForest
from tests.models import toy

FEATURES = toy.INPUTS["jet1"]


def test_odd_events_score_higher_than_the_background_it_learnt():
    forest = IsolationForest(FEATURES).fit({"background": toy.background(3000, seed=1)})
    events = toy.mixture(3000, 300, seed=2)
    scores = forest.score(events)["score"]
    threshold = np.quantile(scores[events["injected"] == 0], 0.9)
    assert (scores[events["injected"] == 1] > threshold).mean() > 0.3


def test_batches_change_no_score(monkeypatch):
    events = toy.background(1000, seed=3)
    forest = IsolationForest(FEATURES, folds=3, n_trees=10).fit({"background": events})
    whole = forest.score(events)["score"]
    monkeypatch.setattr("models.isolation_forest._BATCH", 77)
    np.testing.assert_array_equal(forest.score(events)["score"], whole)


def test_weights_decide_what_is_common():
    events = toy.mixture(1000, 1000, seed=4)
    rare = events.but(weight=np.where(events["injected"], 1e-3, 1.0))
    options = {"features": FEATURES, "weight_column": "weight"}
    means = [
        IsolationForest(**options).fit({"background": sample}).score(events)["score"][events["injected"] == 1]
        for sample in (rare, rare.but(weight=np.ones(2000)))
    ]
    assert means[0].mean() > means[1].mean()


def test_nothing_to_learn_from_is_refused():
    nothing = toy.background(10, seed=1).where(np.zeros(10, bool))
    with pytest.raises(MaplessError, match="no events to learn from"):
        IsolationForest(FEATURES).fit({"background": nothing})
