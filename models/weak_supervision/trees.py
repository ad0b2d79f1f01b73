"""CWoLa Hunting with boosted decision trees, more sensitive to weak signals (arXiv:2309.13111)."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from models.anomaly_detector import Progress
from models.saving import read_arrays, write_arrays
from models.tree_sums import TreeSum, from_arrays, to_arrays
from models.weak_supervision.binning import MAX_EVENTS, Bins
from models.weak_supervision.input_sets import Array, Folds, Sample, WeakClassifiers

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class _Restarts:
    """The classifiers of one input set and fold, and the bins of their inputs if they share them."""

    bins: Bins | None
    classifiers: list[TreeSum]


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

    restarts: int = 8
    iterations: int = 60
    learning_rate: float = 0.05
    leaves: int = 15
    events_per_leaf: int = 100
    feature_share: float = 0.5
    threads: int | None = field(default=None, compare=False)
    _trees: list[list[_Restarts]] = field(default_factory=list, init=False, repr=False, compare=False)

    def _train(self, sample: Sample, progress: Progress | None) -> None:
        labels = self.window.in_signal_region(sample.mass)
        self._trees = []
        for place, features in enumerate(sample.features):
            self._trees.append([])
            for held_out in range(self.folds):
                seen = sample.fold != held_out
                weights = self._weights(sample, place, held_out)[seen]
                self._trees[place].append(self._grown(features[seen], labels[seen], weights))
                if progress:
                    progress(place * self.folds + held_out + 1, len(self.inputs) * self.folds)

    def _classify(self, features: list[Array], fold: Folds) -> Array:
        outputs = np.empty((len(features), len(fold)))
        for place, of_folds in enumerate(self._trees):
            for held_out, restarts in enumerate(of_folds):
                chosen = fold == held_out
                if chosen.any():
                    outputs[place, chosen] = self._mean_decision(restarts, features[place][chosen])
        return outputs

    def _mean_decision(self, restarts: _Restarts, features: Array) -> Array:
        inputs = restarts.bins(features) if restarts.bins else features
        decisions = self._at_once(lambda one: one(inputs), restarts.classifiers)
        return np.mean(decisions, axis=0)

    def _grown(self, features: Array, labels: Array, weights: Array) -> _Restarts:
        from sklearn.ensemble import HistGradientBoostingClassifier

        bins = Bins.learn(features, weights) if len(features) <= MAX_EVENTS else None
        inputs = bins(features) if bins else features

        def grown(restart: int) -> TreeSum:
            classifier = HistGradientBoostingClassifier(
                max_iter=self.iterations,
                learning_rate=self.learning_rate,
                max_leaf_nodes=self.leaves,
                min_samples_leaf=self.events_per_leaf,
                max_features=self.feature_share,
                l2_regularization=1.0,
                early_stopping=False,
                random_state=self.seed * self.restarts + restart,
            )
            return TreeSum.of_boosting(classifier.fit(inputs, labels, weights))

        return _Restarts(bins, self._at_once(grown, range(self.restarts)))

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

    def _write(self, folder: Path) -> None:
        every = [restarts for of_folds in self._trees for restarts in of_folds]
        arrays = to_arrays(one for restarts in every for one in restarts.classifiers)
        for number, restarts in enumerate(every):
            edges = restarts.bins.edges if restarts.bins else []
            arrays |= {f"edges_{number}_{feature}": values for feature, values in enumerate(edges)}
        write_arrays(folder / "trees.npz", arrays)

    def _read(self, folder: Path) -> None:
        arrays = read_arrays(folder / "trees.npz")
        widths = [len(columns) for columns in self.inputs.values() for _ in range(self.folds)]
        sums = from_arrays(arrays, np.repeat(widths, self.restarts).tolist(), self.iterations)
        every = [
            _Restarts(_stored_bins(arrays, number, width), sums[number * self.restarts :][: self.restarts])
            for number, width in enumerate(widths)
        ]
        self._trees = [every[first : first + self.folds] for first in range(0, len(every), self.folds)]


def _stored_bins(arrays: Mapping[str, Array], number: int, width: int) -> Bins | None:
    """The bins of the restarts with this number, if they have some; ValueError for edges that do not rise."""
    if f"edges_{number}_0" not in arrays:
        return None
    edges = [arrays[f"edges_{number}_{feature}"] for feature in range(width)]
    if any(values.ndim != 1 or (np.diff(values) <= 0).any() for values in edges):
        raise ValueError("edges of bins do not rise")
    return Bins(edges)
