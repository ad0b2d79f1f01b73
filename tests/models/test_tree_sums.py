"""Sums over trees give scikit-learn's numbers to the last bit, and lead no event astray."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest
from threadpoolctl import threadpool_limits

from models.isolation_forest import IsolationForest as Detector
from models.tree_sums import TreeSum, from_arrays, to_arrays
from tests.models import toy

RANDOM = np.random.default_rng(1)
FEATURES = RANDOM.normal(size=(2000, 4))
LABELS = FEATURES[:, 0] + RANDOM.normal(size=2000) > 0


@pytest.fixture(scope="module")
def classifiers():
    return [
        HistGradientBoostingClassifier(max_iter=5, max_leaf_nodes=7, random_state=seed, max_features=0.5).fit(
            FEATURES, LABELS
        )
        for seed in (1, 2)
    ]


@pytest.fixture
def arrays(classifiers):
    return to_arrays(TreeSum.of_boosting(one) for one in classifiers)


def test_boosted_trees_decide_as_in_scikit_learn_stored_or_not(classifiers, arrays):
    stored = from_arrays(arrays, [4, 4], 5)
    for classifier, one in zip(classifiers, stored, strict=True):
        np.testing.assert_array_equal(TreeSum.of_boosting(classifier)(FEATURES), one(FEATURES))
        np.testing.assert_array_equal(classifier.decision_function(FEATURES), one(FEATURES))


@pytest.mark.parametrize("leaves", [2, 8, 15, 40, 64, 100])
@threadpool_limits.wrap(limits=1)
def test_events_on_a_threshold_and_beside_it_reach_the_leaves_of_scikit_learn(leaves):
    """Bits of every width, and trees with more leaves than bits."""
    coarse = FEATURES.round(1)
    classifier = HistGradientBoostingClassifier(
        max_iter=5, max_leaf_nodes=leaves, min_samples_leaf=2, max_bins=20, random_state=1
    ).fit(coarse, LABELS)
    one = TreeSum.of_boosting(classifier)
    assert max(np.count_nonzero(nodes["is_leaf"]) for nodes in one.trees) == leaves
    inner = np.concatenate(one.trees)
    edges = RANDOM.choice(inner["num_threshold"][inner["is_leaf"] == 0], (5000, 4))
    for features in (coarse, edges, np.nextafter(edges, np.inf), np.nextafter(edges, -np.inf)):
        np.testing.assert_array_equal(one(features), classifier.decision_function(features))


@pytest.mark.parametrize("few", [1, 2, 300])
def test_an_isolation_forest_scores_as_in_scikit_learn(few):
    events = toy.background(few, seed=3)
    names = toy.INPUTS["jet1"]
    table = np.stack([events[name] for name in names], axis=1).astype(np.float32)
    forest = IsolationForest(n_estimators=20, max_samples=min(256, few), random_state=1).fit(table)
    detector = Detector(names, n_trees=20).fit({"background": events})
    np.testing.assert_array_equal(detector.score(events)["score"], -forest.score_samples(table))


def test_both_precisions_find_the_same_leaves():
    features = FEATURES.astype(np.float32)
    one = TreeSum.of_isolation(IsolationForest(n_estimators=5, random_state=1).fit(features))
    np.testing.assert_array_equal(one(features), one(features.astype(np.float64)))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda a: {"tree_sizes": a["tree_sizes"][:-1]}, "9 of 10"),
        (lambda a: {"tree_sizes": a["tree_sizes"] - 1}, "another size or type"),
        (lambda a: {"starts": a["starts"][:1]}, "the start of a sum is missing"),
        (lambda a: {"value": a["value"][:-1]}, "value has another size or type"),
        (lambda a: {"value": a["value"].astype(complex)}, "value has another size or type"),
        (lambda a: {"is_leaf": a["is_leaf"] * 0}, "not there"),
        (lambda a: {"is_leaf": np.roll(a["is_leaf"], 1)}, "not there"),
        (lambda a: {"feature_idx": a["feature_idx"] + 4}, "not there"),
        (lambda a: {"feature_idx": a["feature_idx"] - 4}, "not there"),
    ],
)
def test_trees_that_lead_an_event_astray_are_refused(arrays, change, reason):
    with pytest.raises(ValueError, match=reason):
        from_arrays(arrays | change(arrays), [4, 4], 5)
