"""References by boosted decision trees."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from errors import MaplessError
from models.anomaly_detector import Progress
from models.option_types import AboveZero, AtLeastOne, AtLeastTwo, Share
from models.references.two_samples import Array, Folds, Samples, TwoSampleClassifier
from models.tree_sums import TreeSum, from_arrays, to_arrays


@dataclass
class ReferenceTrees(TwoSampleClassifier):
    """Supervised or idealised classifier of two samples by boosted decision trees.

    Members differ in the features that each split may use.

    Args:
        iterations, learning_rate, leaves, events_per_leaf, feature_share: as `max_iter`, `learning_rate`,
            `max_leaf_nodes`, `min_samples_leaf` and `max_features` of scikit-learn's
            HistGradientBoostingClassifier.
    """

    iterations: AtLeastOne = 40
    learning_rate: AboveZero = 0.1
    leaves: AtLeastTwo = 31
    events_per_leaf: AtLeastOne = 20
    feature_share: Share = 0.5
    _trees: list[list[TreeSum]] = field(default_factory=list, init=False, repr=False, compare=False)

    def _train(self, sample: Samples, progress: Progress | None) -> None:
        from models.weak_supervision.presorted_boosting import PresortedBoosting, PresortedFeatures

        trees: list[list[TreeSum]] = []
        for held_out in range(self.folds):
            seen = self._seen(sample, held_out)
            inputs = PresortedFeatures(sample.features[seen], sample.weight[seen])
            trees.append([])
            for member in range(self.members):
                classifier = PresortedBoosting(
                    max_iter=self.iterations,
                    learning_rate=self.learning_rate,
                    max_leaf_nodes=self.leaves,
                    min_samples_leaf=self.events_per_leaf,
                    max_features=self.feature_share,
                    early_stopping=False,
                    random_state=self.seed * self.members + member,
                )
                trees[-1].append(TreeSum.of_boosting(classifier.fit_presorted(inputs, sample.labels[seen])))
            if progress:
                progress(held_out + 1, self.folds)
        self._trees = trees

    def _classify(self, features: Array, fold: Folds) -> Array:
        decision = np.empty(len(fold))
        for held_out, members in enumerate(self._trained()):
            chosen = fold == held_out
            if chosen.any():
                decision[chosen] = np.mean([one(features[chosen]) for one in members], axis=0)
        return decision

    def _arrays(self) -> dict[str, Any]:
        return to_arrays(one for members in self._trained() for one in members)

    def _take_arrays(self, arrays: Mapping[str, Any]) -> None:
        widths = [len(self.features)] * self.folds * self.members
        sums = from_arrays(arrays, widths, self.iterations)
        self._trees = [sums[first : first + self.members] for first in range(0, len(sums), self.members)]

    def _trained(self) -> list[list[TreeSum]]:
        if not self._trees:
            raise MaplessError("this reference is not trained; call fit or load first")
        return self._trees
