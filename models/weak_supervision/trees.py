"""CWoLa Hunting with boosted decision trees, more sensitive to weak signals (arXiv:2309.13111)."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from models.anomaly_detector import Progress
from models.option_types import AboveZero, AtLeastOne, AtLeastTwo, Share
from models.saving import read_arrays, write_arrays
from models.tree_sums import TreeSum, from_arrays, to_arrays
from models.weak_supervision.input_sets import Array, Folds, Lessons, WeakClassifiers

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class CWoLaBoostedTrees(WeakClassifiers):
    """Weakly supervised search in one window, with several boosted-tree classifiers per input set and fold.

    Trees of fold k never see events of fold k; their decision functions are averaged over `restarts`, which
    differ in the features that each split may use. Everything else is in
    `models.weak_supervision.input_sets`.

    Args:
        restarts: classifiers averaged per input set and fold.
        iterations, learning_rate, leaves, events_per_leaf, feature_share: as `max_iter`, `learning_rate`,
            `max_leaf_nodes`, `min_samples_leaf` and `max_features` of scikit-learn's
            HistGradientBoostingClassifier.
        threads: restarts trained at once, by default one per core; changes no result.
    """

    restarts: AtLeastOne = 8
    iterations: AtLeastOne = 60
    learning_rate: AboveZero = 0.05
    leaves: AtLeastTwo = 15
    events_per_leaf: AtLeastOne = 100
    feature_share: Share = 0.5
    threads: int | None = field(default=None, compare=False)
    _trees: list[list[list[TreeSum]]] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def steps(self) -> int:
        """One for each input set and fold."""
        return len(self.inputs) * self.folds

    def train_classifiers(
        self, features: list[Array], fold: Folds, lessons: Lessons, progress: Progress | None
    ) -> None:
        """Grow the trees of every input set and fold."""
        self._trees = []
        for place, of_set in enumerate(features):
            self._trees.append([])
            for held_out in range(self.folds):
                lesson = lessons(place, held_out)
                self._trees[place].append(self._grown(of_set[lesson.rows], lesson.labels, lesson.weights))
                if progress:
                    progress(place * self.folds + held_out + 1, self.steps)

    def classify(self, features: list[Array], fold: Folds) -> Array:
        """Mean decision of the trees that held out each fold, (n_input_sets, n_events)."""
        outputs = np.empty((len(features), len(fold)))
        for place, of_folds in enumerate(self._trees):
            for held_out, restarts in enumerate(of_folds):
                chosen = fold == held_out
                if chosen.any():
                    outputs[place, chosen] = self._mean_decision(restarts, features[place][chosen])
        return outputs

    def _mean_decision(self, restarts: list[TreeSum], features: Array) -> Array:
        return np.mean(self._at_once(lambda one: one(features), restarts), axis=0)

    def _grown(
        self, features: Array, labels: NDArray[np.bool_], weights: NDArray[np.float32]
    ) -> list[TreeSum]:
        from models.weak_supervision.presorted_boosting import PresortedBoosting, PresortedFeatures

        inputs = PresortedFeatures(features, weights)

        def grown(restart: int) -> TreeSum:
            classifier = PresortedBoosting(
                max_iter=self.iterations,
                learning_rate=self.learning_rate,
                max_leaf_nodes=self.leaves,
                min_samples_leaf=self.events_per_leaf,
                max_features=self.feature_share,
                l2_regularization=1.0,
                early_stopping=False,
                random_state=self.seed * self.restarts + restart,
            )
            return TreeSum.of_boosting(classifier.fit_presorted(inputs, labels))

        return self._at_once(grown, range(self.restarts))

    def _at_once(self, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Do the same work on every item, several at a time with one OpenMP thread each.

        The threads of one fit wait for each other hundreds of times, which costs more than they gain, above
        all where other programs run; scikit-learn frees Python's lock where it counts.
        """
        from joblib import cpu_count
        from threadpoolctl import ThreadpoolController

        # The libraries are looked up once: with ROOT's in the process that takes a tenth of a second.
        one_thread = partial(ThreadpoolController().select(user_api="openmp").limit, limits=1)
        with ThreadPoolExecutor(self.threads or cpu_count(), initializer=one_thread) as pool:
            return list(pool.map(work, items))

    def write_classifiers(self, folder: Path) -> None:
        """Write all trees into one file."""
        sums = (one for of_folds in self._trees for restarts in of_folds for one in restarts)
        write_arrays(folder / "trees.npz", to_arrays(sums))

    def read_classifiers(self, folder: Path) -> None:
        """Read the trees that `write_classifiers` wrote."""
        each = self.folds * self.restarts
        widths = [len(columns) for columns in self.inputs.values() for _ in range(each)]
        sums = from_arrays(read_arrays(folder / "trees.npz"), widths, self.iterations)
        restarts = [sums[first : first + self.restarts] for first in range(0, len(sums), self.restarts)]
        self._trees = [restarts[first : first + self.folds] for first in range(0, len(restarts), self.folds)]
