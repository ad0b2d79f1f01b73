"""Isolation forest: an event that few random cuts set apart from the background is odd.

F. T. Liu, K. M. Ting, Z.-H. Zhou, Isolation Forest, ICDM 2008.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.anomaly_detector import AnomalyDetector, Progress
from models.events import Events, column, event_weights, finite, fold, require
from models.option_types import AtLeastOne, AtLeastTwo
from models.saving import read_arrays, saved_settings, write_arrays, write_folder, write_settings
from models.tree_sums import TreeSum, from_arrays, to_arrays

_BATCH = 65536


@dataclass
class IsolationForest(AnomalyDetector):
    """Learns what background is like, from a control region, a simulation, or the data themselves.

    Args:
        features: columns (n_events,) that it cuts in.
        folds: above one, the events of a fold are scored by a forest that saw only the others, so that it
            can learn from the very events that it scores.
        n_trees, samples_per_tree: as `n_estimators` and `max_samples` of scikit-learn's IsolationForest.
        weight_column: column of event weights; by default every event counts once.
        seed: the same seed gives the same scores.

    Raises:
        MaplessError: an impossible setting; in `fit` and `score`, a missing or non-finite column, or no
            events to learn from.
    """

    roles = ("background",)

    features: Sequence[str]
    folds: int = 1
    n_trees: AtLeastOne = 100
    samples_per_tree: AtLeastTwo = 256
    weight_column: str | None = None
    seed: int = 1
    _forests: list[TreeSum] = field(default_factory=list, init=False, repr=False, compare=False)
    _normal_depths: list[float] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.features or self.folds < 1:
            raise MaplessError("an isolation forest needs at least one feature and one fold")
        self.features = tuple(self.features)

    @property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """The features, the key where it decides the fold, and the weights."""
        weight = (self.weight_column,) if self.weight_column else ()
        return {"background": tuple(dict.fromkeys((*self.score_columns, *weight)))}

    @property
    def score_columns(self) -> tuple[str, ...]:
        """The features, and the key where it decides the fold."""
        return tuple(dict.fromkeys((*self.features, *(("key",) if self.folds > 1 else ()))))

    def fit(self, training: Mapping[str, Events], progress: Progress | None = None) -> Self:
        """Grow one forest per fold on the background outside of it."""
        from sklearn.ensemble import IsolationForest as Forest

        events = training["background"]
        table = _table({name: column(events, name) for name in self.features}, self.features)
        weight = event_weights(events, self.weight_column)
        of_event = fold(events, self.folds) if self.folds > 1 else np.full(len(events), -1)
        self._forests, self._normal_depths = [], []
        for held_out in range(self.folds):
            seen = of_event != held_out
            if not seen.any():
                raise MaplessError("an isolation forest has no events to learn from; choose another region")
            forest = Forest(
                n_estimators=self.n_trees,
                max_samples=min(self.samples_per_tree, int(seen.sum())),
                random_state=self.seed * self.folds + held_out,
            )
            weights = weight[seen] if self.weight_column else None
            self._forests.append(TreeSum.of_isolation(forest.fit(table[seen], sample_weight=weights)))
            self._normal_depths.append(self.n_trees * _normal_depth(forest.max_samples_))
            if progress:
                progress(held_out + 1, self.folds)
        return self

    def score(self, events: Events) -> dict[str, NDArray[np.float64]]:
        """Score events, read in batches, between 0 and 1; ordinary ones have less than a half."""
        if not self._forests:
            raise MaplessError("this isolation forest is not trained; call fit or load first")
        require(events, self.score_columns)
        of_event = fold(events, self.folds) if self.folds > 1 else np.zeros(len(events), int)
        scores, start = np.empty(len(events)), 0
        for batch in events.batches(self.features, _BATCH):
            table = _table(batch, self.features)
            here = slice(start, start + len(table))
            for held_out in np.unique(of_event[here]):
                chosen = np.flatnonzero(of_event[here] == held_out)
                scores[start + chosen] = self._of_fold(held_out, table[chosen])
            start += len(table)
        return {"score": scores}

    def _of_fold(self, held_out: int, table: NDArray[np.float32]) -> NDArray[np.float64]:
        """Scores (n_events,) by the forest of one fold: scikit-learn's `score_samples` but for the sign."""
        depths, normal = self._forests[held_out](table), self._normal_depths[held_out]
        return 2 ** -(depths / normal if normal else np.ones(len(table)))

    def save(self, folder: Path) -> None:
        """Write settings and forests into a folder; replaces what was there."""
        if not self._forests:
            raise MaplessError("this isolation forest is not trained; call fit before save")
        with write_folder(folder) as beside:
            write_settings(beside, self)
            arrays = to_arrays(self._forests) | {"normal_depths": np.array(self._normal_depths)}
            write_arrays(beside / "forests.npz", arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a detector that `save` wrote; MaplessError if there is none."""
        with saved_settings(folder) as settings:
            detector = cls(**settings)
            arrays = read_arrays(folder / "forests.npz")
            n_features = [len(detector.features)] * detector.folds
            detector._forests = from_arrays(arrays, n_features, detector.n_trees)
            detector._normal_depths = arrays["normal_depths"].tolist()
            if len(detector._normal_depths) != detector.folds or min(detector._normal_depths) < 0:
                raise ValueError("normal_depths do not belong to its folds")
        return detector


def _normal_depth(n_events: int) -> float:
    """Mean depth at which a tree of so many events ends."""
    from sklearn.ensemble._iforest import _average_path_length

    return float(_average_path_length([n_events])[0])


def _table(columns: Mapping[str, NDArray[Any]], features: Sequence[str]) -> NDArray[np.float32]:
    """Features as one array (n_events, n_features), all finite."""
    return np.stack([finite(name, np.asarray(columns[name])) for name in features], axis=1).astype(np.float32)
