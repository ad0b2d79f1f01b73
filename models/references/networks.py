"""References by small neural networks, all of them trained at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logit

from errors import MaplessError
from models.anomaly_detector import Progress
from models.option_types import AboveZero, AtLeastOne
from models.preprocessing import GaussianMap
from models.references.two_samples import Array, Folds, Samples, TwoSampleClassifier
from models.saving import stored_pins

if TYPE_CHECKING:
    from models.ensembles import NetworkEnsemble

_VALIDATION = 5  # one event of so many is for validation, others for each member


@dataclass
class ReferenceNetworks(TwoSampleClassifier):
    """Supervised or idealised classifier of two samples by networks.

    Members of a fold stop on different fifths of its events, and start and see them in another order.

    Args:
        hidden: units of the hidden layers.
        epochs, batch_size, learning_rate, best_epochs: see `models.stacked_training.Schedule`; a member is
            the mean of its best epochs.
    """

    hidden: Sequence[AtLeastOne] = (64, 64, 64)
    epochs: AtLeastOne = 20
    batch_size: AtLeastOne = 512
    learning_rate: AboveZero = 1e-3
    best_epochs: AtLeastOne = 5
    _networks: "NetworkEnsemble | None" = field(default=None, init=False, repr=False, compare=False)
    _gaussian_maps: list[GaussianMap] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.hidden = tuple(self.hidden)

    def _train(self, sample: Samples, progress: Progress | None) -> None:
        from models.stacked_training import Schedule, Share

        part = np.arange(len(sample.labels)) % _VALIDATION  # of events that are in random order
        table, shares = [], []
        self._gaussian_maps = []
        for held_out in range(self.folds):
            seen = self._seen(sample, held_out)
            self._gaussian_maps.append(GaussianMap.learn(sample.features[seen]))
            table.append(self._gaussian_maps[-1](sample.features).astype(np.float32))
            weight = sample.weight.astype(np.float32)
            for member in range(self.members):
                aside = part == member % _VALIDATION
                rows = [np.flatnonzero(seen & ~aside), np.flatnonzero(seen & aside)]
                first = held_out * len(seen)
                shares.append(Share(first + rows[0], weight[rows[0]], first + rows[1], weight[rows[1]]))
        schedule = Schedule(
            self.epochs, self.batch_size, self.learning_rate, self.epochs, best_epochs=self.best_epochs
        )
        labels = np.tile(sample.labels, self.folds)
        self._networks = self._untrained()
        self._networks.fit(np.concatenate(table), labels, shares, schedule, progress)

    def _classify(self, features: Array, fold: Folds) -> Array:
        if self._networks is None:
            raise MaplessError("this reference is not trained; call fit or load first")
        chosen = [np.flatnonzero(fold == held_out) for held_out in range(self.folds)]
        table = np.empty(features.shape, np.float32)
        for one, gaussian_map in zip(chosen, self._gaussian_maps, strict=True):
            table[one] = gaussian_map(features[one])
        rows = [one for one in chosen for _ in range(self.members)]
        outputs = self._networks.predict(table, rows)
        decision = np.empty(len(fold))
        for held_out, one in enumerate(chosen):
            members = outputs[held_out * self.members : (held_out + 1) * self.members]
            decision[one] = logit(np.clip(np.mean(members, axis=0, dtype=np.float64), 1e-7, 1 - 1e-7))
        return decision

    def _arrays(self) -> dict[str, Any]:
        if self._networks is None:
            raise MaplessError("this reference is not trained; call fit before save")
        maps = {
            f"map_{held_out}_{feature}": pins
            for held_out, one in enumerate(self._gaussian_maps)
            for feature, pins in enumerate(one.pins)
        }
        return self._networks.arrays() | maps

    def _take_arrays(self, arrays: Mapping[str, Any]) -> None:
        self._gaussian_maps = [
            GaussianMap([stored_pins(arrays[f"map_{fold}_{i}"]) for i in range(len(self.features))])
            for fold in range(self.folds)
        ]
        self._networks = self._untrained()
        self._networks.take_arrays(arrays)

    def _untrained(self) -> "NetworkEnsemble":
        from models.ensembles import NetworkEnsemble

        return NetworkEnsemble(self.folds * self.members, len(self.features), self.hidden, seed=self.seed)
