"""CWoLa Hunting: classifiers that tell a mass window from its sidebands, as in CMS EXO-22-026.

If the window holds a resonance whose jets differ from the background's, a classifier of window against
sidebands learns that difference without labels: arXiv:1902.02634 (method), arXiv:2412.03747 (CMS search).
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from errors import MaplessError
from models.detector import AnomalyDetector, Events, Progress, column, write_folder
from models.folds import check_folds, rotations
from models.mass_windows import MassWindow
from models.preprocessing import GaussianMap, match_spectrum
from models.quantiles import QuantileMap, weighted_quantile

if TYPE_CHECKING:
    from models.ensembles import NetworkEnsemble, Share

Array = NDArray[np.float64]
Folds = NDArray[np.integer]

JETS = ("jet1", "jet2")
JET_FEATURES = ("softdrop_mass", "tau21", "tau32", "tau43", "lsf3", "b_tag", "n_constituents")


def _fisher(quantiles: Array) -> Array:
    """Combine two p-values 1 - quantile by Fisher's method; the result is again uniform for background."""
    product = np.prod(1 - quantiles, axis=0)
    return 1 - product * (1 - np.log(product))


COMBINATIONS: dict[str, Callable[[Array], Array]] = {
    "max": lambda quantiles: np.max(quantiles, axis=0),
    "product": lambda quantiles: np.prod(quantiles, axis=0),
    "fisher": _fisher,
}


@dataclass
class CWoLaHunting(AnomalyDetector):
    """Weakly supervised search in one mass window, with one network per jet, fold and inner fold.

    Networks of fold k never see events of fold k, neither in training nor in validation, and are the only
    ones to score them. For each fold and jet the outputs of the inner networks are averaged and mapped to
    their quantile among that fold's sideband events; then the quantiles of the two jets are combined.

    The defaults (40 networks) take 44 s of processor time and 1.7 GB on 318,000 simulated events in window and
    sidebands. A resonance that is half a percent of the window moves the loss by 1e-4 only, less than a long
    training loses to chance patterns: hence the small networks, large batches, small steps and few epochs, and
    features that are made Gaussian before training, where CMS uses batch normalisation.

    Args:
        window: signal region and sidebands in m_jj.
        features: inputs of a jet's network, from the columns `jet1_<feature>` and `jet2_<feature>`.
        folds: number of folds in the column `fold`.
        inner_networks: networks averaged per fold and jet; their validation fold rotates (CMS: 4).
        combine: how the quantiles q of the two jets become a score: "max" (CMS CWoLa Hunting), "product" (CMS
            Tag N' Train), or "fisher", Fisher's combination of 1 - q, which favours two odd jets over one.
        reweight_pt: give sideband jets the pT spectrum of the signal region.
        weight_column: column of event weights; by default every event counts once, as in data and in CMS
            trainings on simulation.
        hidden: units of the hidden layers (CMS: 64, 128, 128, 32, 16, 8).
        dropout: fraction of hidden units dropped in training (CMS: 0.2).
        epochs, batch_size, learning_rate, patience: see `models.ensembles.Schedule`
            (CMS: 100, 256, 1e-3, 15).
        seed: the same seed gives the same scores on one machine.

    Raises:
        MaplessError: an impossible setting; in `fit` and `score`, a missing or non-finite column, a fold out
            of range, or a window or sideband without events.
    """

    window: MassWindow
    features: Sequence[str] = JET_FEATURES
    folds: int = 5
    inner_networks: int = 4
    combine: str = "max"
    reweight_pt: bool = True
    weight_column: str | None = None
    hidden: Sequence[int] = (32, 32, 16)
    dropout: float = 0.0
    epochs: int = 10
    batch_size: int = 2048
    learning_rate: float = 5e-4
    patience: int = 10
    seed: int = 1
    _networks: "NetworkEnsemble | None" = field(default=None, init=False, repr=False, compare=False)
    _gaussian_maps: list[list[GaussianMap]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )
    _quantile_maps: list[list[QuantileMap]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if self.combine not in COMBINATIONS:
            raise MaplessError(f"cannot combine jets by '{self.combine}'; choose {' or '.join(COMBINATIONS)}")
        self.features, self.hidden = tuple(self.features), tuple(self.hidden)
        self._rotations = rotations(self.folds, self.inner_networks)

    def fit(self, events: Events, progress: Progress | None = None) -> Self:
        """Train on the events of the window and its sidebands; others are ignored.

        Args:
            events: columns `mjj`, `fold`, `jet1_pt`, `jet2_pt` and the features of both jets, each of
                shape (n_events,).
            progress: called with (epochs done, epochs in total).
        """
        from models.ensembles import Schedule

        sample = self._training_sample(events)
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
        self._quantile_maps = self._learn_quantile_maps(sample)
        return self

    def score(self, events: Events) -> Array:
        """Score events by the networks of their fold; shape (n_events,), between 0 and 1 (most anomalous).

        Args:
            events: column `fold` and the features of both jets, each of shape (n_events,).
        """
        return COMBINATIONS[self.combine](self.jet_quantiles(events))

    def jet_quantiles(self, events: Events) -> Array:
        """Fraction of sideband events that are less anomalous, jet by jet; shape (2, n_events)."""
        return _per_fold(self._quantile_maps, self.outputs(events), self._fold(events))

    def outputs(self, events: Events) -> Array:
        """Average output of the networks that held out each event's fold, jet by jet; shape (2, n_events)."""
        if self._networks is None:
            raise MaplessError("this CWoLa Hunting detector is not trained; call fit or load first")
        fold = self._fold(events)
        table = _per_fold(self._gaussian_maps, self._features(events), fold).astype(np.float32)
        members = [(jet, turn.held_out) for jet in range(len(JETS)) for turn in self._rotations]
        chosen = [np.flatnonzero(fold == held_out) for held_out in range(self.folds)]
        rows = [chosen[held_out] + jet * len(fold) for jet, held_out in members]
        outputs = np.zeros((len(JETS), len(fold)))
        for (jet, held_out), output in zip(
            members, self._networks.predict(np.concatenate(table), rows), strict=True
        ):
            outputs[jet, chosen[held_out]] += output / self.inner_networks
        return outputs

    def threshold(self, events: Events, scores: ArrayLike, efficiency: float | None = None) -> float:
        """Find the score above which a fraction of the weighted sideband events lies.

        Args:
            events: column `mjj`.
            scores: of these events, shape (n_events,).
            efficiency: the fraction; by default the window's `kept_fraction`.
        """
        kept = self.window.kept_fraction if efficiency is None else efficiency
        weights = self.window.sideband_weights(column(events, "mjj"), self._event_weights(events))
        return weighted_quantile(scores, weights, 1 - kept)

    def save(self, path: Path) -> None:
        """Write `detector.json` and `arrays.npz` to the folder `path`; replaces what was there as a whole."""
        if self._networks is None:
            raise MaplessError("this CWoLa Hunting detector is not trained; call fit before save")
        arrays = {f"network_{i}": weight for i, weight in enumerate(self._networks.model.get_weights())}
        for jet, held_out in product(range(len(JETS)), range(self.folds)):
            arrays[f"quantile_map_{jet}_{held_out}"] = self._quantile_maps[jet][held_out].pins
            for feature, pins in enumerate(self._gaussian_maps[jet][held_out].pins):
                arrays[f"gaussian_map_{jet}_{held_out}_{feature}"] = pins
        settings = {setting.name: getattr(self, setting.name) for setting in fields(self) if setting.init}
        settings["window"] = asdict(self.window)
        with write_folder(path) as folder:
            (folder / "detector.json").write_text(json.dumps(settings, indent=1))
            np.savez(folder / "arrays.npz", **arrays)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a detector that `save` wrote.

        Raises:
            MaplessError: there is none at `path`.
        """
        if not (path / "detector.json").is_file():
            raise MaplessError(f"{path} holds no trained detector; train one and save it there")
        settings = json.loads((path / "detector.json").read_text())
        detector = cls(**settings | {"window": MassWindow(**settings["window"])})
        with np.load(path / "arrays.npz") as arrays:
            detector._restore(arrays)
        return detector

    def _restore(self, arrays: Any) -> None:
        self._networks = self._untrained_networks()
        count = len(self._networks.model.weights)
        self._networks.model.set_weights([arrays[f"network_{i}"] for i in range(count)])
        jets, folds, features = range(len(JETS)), range(self.folds), range(len(self.features))
        self._quantile_maps = [
            [QuantileMap(arrays[f"quantile_map_{jet}_{fold}"]) for fold in folds] for jet in jets
        ]
        self._gaussian_maps = [
            [GaussianMap([arrays[f"gaussian_map_{jet}_{fold}_{i}"] for i in features]) for fold in folds]
            for jet in jets
        ]

    def _untrained_networks(self) -> "NetworkEnsemble":
        from models.ensembles import NetworkEnsemble

        count = len(JETS) * len(self._rotations)
        return NetworkEnsemble(count, len(self.features), self.hidden, dropout=self.dropout, seed=self.seed)

    def _training_sample(self, events: Events) -> dict[str, NDArray[Any]]:
        mjj, fold = column(events, "mjj"), self._fold(events)
        inside = self.window.contains(mjj)
        names = [f"{jet}_{name}" for jet in JETS for name in ("pt", *self.features)]
        sample = {name: column(events, name)[inside] for name in names}
        sample |= {"mjj": mjj[inside], "fold": fold[inside], "weight": self._event_weights(events)[inside]}
        for held_out in range(self.folds):
            chosen = sample["fold"] == held_out
            self.window.balanced_weights(sample["mjj"][chosen], sample["weight"][chosen])
        return sample

    def _event_weights(self, events: Events) -> Array:
        if self.weight_column is None:
            return np.ones(len(column(events, "mjj")))
        return column(events, self.weight_column).astype(np.float64)

    def _fold(self, events: Events) -> Folds:
        fold = column(events, "fold")
        check_folds(fold, self.folds)
        return fold

    def _features(self, events: Events) -> Array:
        """Features jet by jet, shape (2, n_events, n_features)."""
        columns = [[column(events, f"{jet}_{name}") for name in self.features] for jet in JETS]
        return np.stack([np.stack(values, axis=1) for values in columns]).astype(np.float64)

    def _learn_gaussian_maps(self, features: Array, fold: Folds) -> list[list[GaussianMap]]:
        seen = [fold != held_out for held_out in range(self.folds)]
        return [[GaussianMap.learn(jet[chosen]) for chosen in seen] for jet in features]

    def _learn_quantile_maps(self, sample: dict[str, NDArray[Any]]) -> list[list[QuantileMap]]:
        weights = self.window.sideband_weights(sample["mjj"], sample["weight"])
        side = [(sample["fold"] == held_out) & (weights > 0) for held_out in range(self.folds)]
        outputs = self.outputs(sample)
        return [[QuantileMap.learn(jet[chosen], weights[chosen]) for chosen in side] for jet in outputs]

    def _shares(self, sample: dict[str, NDArray[Any]]) -> list["Share"]:
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

    def _weights(self, sample: dict[str, NDArray[Any]], pt: str, held_out: int) -> NDArray[np.float32]:
        """Training weights of a jet outside one fold (mean 1; 0 inside the fold), shape (n_events,)."""
        seen = sample["fold"] != held_out
        weights = np.zeros(len(seen))
        weights[seen] = self.window.balanced_weights(sample["mjj"][seen], sample["weight"][seen])
        if self.reweight_pt:
            signal = seen & self.window.in_signal_region(sample["mjj"])
            side = seen & ~signal
            weights[side] = match_spectrum(
                sample[pt][side], weights[side], sample[pt][signal], weights[signal]
            )
        return (weights / weights[seen].mean()).astype(np.float32)


def _per_fold(maps: Sequence[Sequence[Callable[[Array], Array]]], values: Array, fold: Folds) -> Array:
    """Apply the map of its jet and fold to each event's values, shape (2, n_events, ...)."""
    mapped = np.empty(values.shape)
    for jet, jet_maps in enumerate(maps):
        for held_out, one_map in enumerate(jet_maps):
            chosen = fold == held_out
            mapped[jet, chosen] = one_map(values[jet, chosen])
    return mapped
