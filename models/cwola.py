"""CWoLa Hunting as in CMS EXO-22-026 (arXiv:2412.03747): one network per jet, fold and inner fold."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from errors import MaplessError
from models.detector import Progress
from models.folds import rotations
from models.jetwise import JETS, Array, Folds, JetwiseCWoLa, Sample, per_fold
from models.preprocessing import GaussianMap

if TYPE_CHECKING:
    from models.ensembles import NetworkEnsemble, Share


@dataclass
class CWoLaHunting(JetwiseCWoLa):
    """Weakly supervised search in one mass window, with one network per jet, fold and inner fold.

    Networks of fold k see events of fold k neither in training nor in validation; the outputs of its inner
    networks are averaged. Everything else is in `models.jetwise`.

    Args:
        inner_networks: networks averaged per fold and jet; their validation fold rotates (CMS: 4).
        hidden: units of the hidden layers (CMS: 64, 128, 128, 32, 16, 8).
        dropout: fraction of hidden units dropped in training (CMS: 0.2).
        epochs, batch_size, learning_rate, patience: see `models.ensembles.Schedule`
            (CMS: 100, 256, 1e-3, 15).
    """

    inner_networks: int = 4
    hidden: Sequence[int] = (32, 32, 16)
    dropout: float = 0.0
    epochs: int = 10
    batch_size: int = 2048
    learning_rate: float = 5e-4
    patience: int = 10
    _networks: "NetworkEnsemble | None" = field(default=None, init=False, repr=False, compare=False)
    _gaussian_maps: list[list[GaussianMap]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.hidden = tuple(self.hidden)
        self._rotations = rotations(self.folds, self.inner_networks)

    def _train(self, sample: Sample, progress: Progress | None) -> None:
        from models.ensembles import Schedule

        features = self._features(sample)
        self._gaussian_maps = self._learn_gaussian_maps(features, sample["fold"])
        table = [
            gaussian_map(jet).astype(np.float32)
            for jet, maps in zip(features, self._gaussian_maps, strict=True)
            for gaussian_map in maps
        ]
        labels = np.tile(self.window.in_signal_region(sample["mjj"]), len(table)).astype(np.float32)
        schedule = Schedule(self.epochs, self.batch_size, self.learning_rate, self.patience)
        self._networks = self._untrained_networks()
        self._networks.fit(np.concatenate(table), labels, self._shares(sample), schedule, progress)

    def _classify(self, features: Array, fold: Folds) -> Array:
        if self._networks is None:
            raise MaplessError("this CWoLa Hunting detector is not trained; call fit or load first")
        table = per_fold(self._gaussian_maps, features, fold).astype(np.float32)
        members = [(jet, turn.held_out) for jet in range(len(JETS)) for turn in self._rotations]
        chosen = [np.flatnonzero(fold == held_out) for held_out in range(self.folds)]
        rows = [chosen[held_out] + jet * len(fold) for jet, held_out in members]
        outputs = np.zeros((len(JETS), len(fold)))
        for (jet, held_out), output in zip(
            members, self._networks.predict(np.concatenate(table), rows), strict=True
        ):
            outputs[jet, chosen[held_out]] += output / self.inner_networks
        return outputs

    def _write(self, folder: Path) -> None:
        weights = self._networks.model.get_weights() if self._networks else []
        arrays = {f"network_{i}": weight for i, weight in enumerate(weights)}
        for jet, maps in enumerate(self._gaussian_maps):
            for held_out, gaussian_map in enumerate(maps):
                for feature, pins in enumerate(gaussian_map.pins):
                    arrays[f"gaussian_map_{jet}_{held_out}_{feature}"] = pins
        np.savez(folder / "networks.npz", **arrays)

    def _read(self, folder: Path) -> None:
        self._networks = self._untrained_networks()
        jets, folds, features = range(len(JETS)), range(self.folds), range(len(self.features))
        with np.load(folder / "networks.npz") as arrays:
            count = len(self._networks.model.weights)
            self._networks.model.set_weights([arrays[f"network_{i}"] for i in range(count)])
            self._gaussian_maps = [
                [GaussianMap([arrays[f"gaussian_map_{jet}_{fold}_{i}"] for i in features]) for fold in folds]
                for jet in jets
            ]

    def _untrained_networks(self) -> "NetworkEnsemble":
        from models.ensembles import NetworkEnsemble

        count = len(JETS) * len(self._rotations)
        return NetworkEnsemble(count, len(self.features), self.hidden, dropout=self.dropout, seed=self.seed)

    def _learn_gaussian_maps(self, features: Array, fold: Folds) -> list[list[GaussianMap]]:
        seen = [fold != held_out for held_out in range(self.folds)]
        return [[GaussianMap.learn(jet[chosen]) for chosen in seen] for jet in features]

    def _shares(self, sample: Sample) -> list["Share"]:
        """Give each network, jet by jet and rotation by rotation, its rows of the table and their weights."""
        from models.ensembles import Share

        fold, shares = sample["fold"], []
        for jet, name in enumerate(JETS):
            weights = [self._weights(sample, f"{name}_pt", held_out) for held_out in range(self.folds)]
            for turn in self._rotations:
                training = np.flatnonzero(np.isin(fold, turn.training))
                validation = np.flatnonzero(fold == turn.validation)
                weight, first = weights[turn.held_out], (jet * self.folds + turn.held_out) * len(fold)
                shares.append(
                    Share(first + training, weight[training], first + validation, weight[validation])
                )
        return shares
