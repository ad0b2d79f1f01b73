"""Trees on presorted features are scikit-learn's to the last bit."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from models.weak_supervision.presorted_boosting import PresortedBoosting, PresortedFeatures


def table(n_events):
    """Continuous, integer, mostly zero and constant features, and labels."""
    random = np.random.default_rng(1)
    features = np.stack(
        [
            random.lognormal(4, 1, n_events),
            random.poisson(50, n_events),
            np.maximum(random.normal(-1, 1, n_events), 0),
            np.full(n_events, 3.0),
        ],
        axis=1,
    )
    return features, random.uniform(size=n_events) < 0.5 + 0.1 * np.sin(features[:, 0])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_events", [6000, 200_001])
@threadpool_limits.wrap(limits=1)
def test_trees_are_those_of_plain_features(n_events, weighted):
    """From 200,001 events on the bins are those of a random sample."""
    features, labels = table(n_events)
    weights = np.random.default_rng(2).uniform(-0.2, 2, n_events).clip(0) if weighted else np.ones(n_events)
    options = {"max_iter": 3, "max_features": 0.5, "random_state": 4}
    plain = HistGradientBoostingClassifier(**options, early_stopping=False).fit(features, labels, weights)
    presorted = PresortedBoosting(**options, early_stopping=False)
    presorted.fit_presorted(PresortedFeatures(features, weights), labels)
    for (one,), (other,) in zip(plain._predictors, presorted._predictors, strict=True):
        np.testing.assert_array_equal(one.nodes, other.nodes)
    assert presorted._baseline_prediction == plain._baseline_prediction
