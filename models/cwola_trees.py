"""CWoLa Hunting with boosted decision trees, more sensitive to weak signals (arXiv:2309.13111)."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from errors import MaplessError
from models.detector import Progress
from models.jetwise import JETS, Array, Folds, JetwiseCWoLa, Sample

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier


@dataclass
class CWoLaBoostedTrees(JetwiseCWoLa):
    """Weakly supervised search in one mass window, with several boosted-tree classifiers per jet and fold.

    Trees of fold k never see events of fold k; their decision functions are averaged over `restarts`, which
    differ in the features that each split may use. Everything else is in `models.jetwise`.

    Args:
        restarts: classifiers averaged per jet and fold.
        iterations, learning_rate, leaves, events_per_leaf, feature_share: as `max_iter`, `learning_rate`,
            `max_leaf_nodes`, `min_samples_leaf` and `max_features` of scikit-learn's
            HistGradientBoostingClassifier.
    """

    restarts: int = 8
    iterations: int = 60
    learning_rate: float = 0.05
    leaves: int = 15
    events_per_leaf: int = 100
    feature_share: float = 0.5
    _trees: "list[list[list[HistGradientBoostingClassifier]]]" = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    def _train(self, sample: Sample, progress: Progress | None) -> None:
        labels, features = self.window.in_signal_region(sample["mjj"]), self._features(sample)
        total = len(JETS) * self.folds
        self._trees = []
        for jet, name in enumerate(JETS):
            self._trees.append([])
            for held_out in range(self.folds):
                seen = sample["fold"] != held_out
                weights = self._weights(sample, f"{name}_pt", held_out)[seen]
                self._trees[jet].append(self._fitted(features[jet][seen], labels[seen], weights))
                if progress:
                    progress(jet * self.folds + held_out + 1, total)

    def _classify(self, features: Array, fold: Folds) -> Array:
        if not self._trees:
            raise MaplessError("this CWoLa Hunting detector is not trained; call fit or load first")
        outputs = np.empty(features.shape[:2])
        for jet, of_folds in enumerate(self._trees):
            for held_out, classifiers in enumerate(of_folds):
                chosen = fold == held_out
                if chosen.any():
                    inputs = features[jet][chosen]
                    outputs[jet, chosen] = np.mean([c.decision_function(inputs) for c in classifiers], axis=0)
        return outputs

    def _fitted(
        self, features: Array, labels: Array, weights: Array
    ) -> "list[HistGradientBoostingClassifier]":
        from sklearn.ensemble import HistGradientBoostingClassifier

        return [
            HistGradientBoostingClassifier(
                max_iter=self.iterations,
                learning_rate=self.learning_rate,
                max_leaf_nodes=self.leaves,
                min_samples_leaf=self.events_per_leaf,
                max_features=self.feature_share,
                l2_regularization=1.0,
                early_stopping=False,
                random_state=self.seed * self.restarts + restart,
            ).fit(features, labels, weights)
            for restart in range(self.restarts)
        ]

    def _write(self, folder: Path) -> None:
        import joblib

        joblib.dump(self._trees, folder / "trees.joblib", compress=3)

    def _read(self, folder: Path) -> None:
        import joblib

        self._trees = joblib.load(folder / "trees.joblib")
