"""Boosted trees of weak supervision: restarts on presorted features and leaf masks against scikit-learn.

Both make the same trees and the same decisions, which is checked. One thread; CPU seconds per classifier.
Run as `python -m tests.benchmarks.boosted_trees [events] [restarts]`.
"""

import sys
import time

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from models.tree_sums import TreeSum
from models.weak_supervision.presorted_boosting import PresortedBoosting, PresortedFeatures

FEATURES = 7
OPTIONS = {
    "max_iter": 60,
    "learning_rate": 0.05,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 100,
    "max_features": 0.5,
    "l2_regularization": 1.0,
    "early_stopping": False,
}


def plain(features, labels, weights, seeds):
    return [
        HistGradientBoostingClassifier(**OPTIONS, random_state=seed).fit(features, labels, weights)
        for seed in seeds
    ]


def presorted(features, labels, weights, seeds):
    inputs = PresortedFeatures(features, weights)
    return [PresortedBoosting(**OPTIONS, random_state=seed).fit_presorted(inputs, labels) for seed in seeds]


def timed(work, *arguments):
    start = time.process_time()
    found = work(*arguments)
    return found, time.process_time() - start


def probabilities(classifier, features):
    return 1 / (1 + np.exp(-TreeSum.of_boosting(classifier)(features)))


def main(events=250000, restarts=4):
    random = np.random.default_rng(1)
    features = random.normal(size=(events, FEATURES))
    labels = random.uniform(size=events) < 0.3 + 0.02 * np.sin(features[:, 0])
    weights = random.uniform(0.5, 1.5, events).astype(np.float32)
    table = Table(
        "CPU s", "scikit-learn", "Mapless", "ratio", title=f"{events:,} events, {FEATURES} features"
    )

    def add(name, theirs, ours):
        table.add_row(name, f"{theirs / restarts:.2f}", f"{ours / restarts:.2f}", f"{theirs / ours:.1f}")

    with threadpool_limits(1):
        theirs, slow = timed(plain, features, labels, weights, range(restarts))
        ours, fast = timed(presorted, features, labels, weights, range(restarts))
        add("fit", slow, fast)
        for one, other in zip(theirs, ours, strict=True):
            np.testing.assert_array_equal(
                TreeSum.of_boosting(other)(features), one.decision_function(features)
            )
        _, slow = timed(lambda: [one.predict_proba(features) for one in theirs])
        _, fast = timed(lambda: [probabilities(one, features) for one in ours])
        add("predict_proba", slow, fast)
    Console().print(table)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
