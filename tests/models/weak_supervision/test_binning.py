import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from models.weak_supervision.binning import Bins


@pytest.fixture(scope="module")
def table():
    """Continuous, integer, mostly zero and constant features."""
    random = np.random.default_rng(1)
    features = np.stack(
        [
            random.lognormal(4, 1, 6000),
            random.poisson(50, 6000),
            np.maximum(random.normal(-1, 1, 6000), 0),
            np.full(6000, 3.0),
        ],
        axis=1,
    )
    return features, random.uniform(size=6000) < 0.5 + 0.1 * np.sin(features[:, 0])


@pytest.mark.parametrize("weighted", [False, True])
def test_trees_on_bin_numbers_decide_as_trees_on_features(table, weighted):
    features, labels = table
    weights = np.random.default_rng(2).uniform(-0.2, 2, len(labels)).clip(0).astype(np.float32)
    weights = weights if weighted else np.ones(len(labels), np.float32)
    new = np.random.default_rng(3).permuted(features, axis=0) * 1.01
    bins = Bins.learn(features, weights)
    plain, binned = (
        HistGradientBoostingClassifier(max_iter=20, max_features=0.5, random_state=4).fit(x, labels, weights)
        for x in (features, bins(features))
    )
    for x in (features, new):
        np.testing.assert_array_equal(binned.decision_function(bins(x)), plain.decision_function(x))
