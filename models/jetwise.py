"""CWoLa Hunting jet by jet, whatever the classifier: samples, folds, weights, quantiles, combined score.

If the mass window holds a resonance whose jets differ from the background's, a classifier of window against
sidebands learns that difference without labels: arXiv:1902.02634 (method), arXiv:2412.03747 (CMS search).
"""

import json
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from errors import MaplessError
from models.detector import AnomalyDetector, Events, Progress, column, write_folder
from models.folds import check_folds
from models.mass_windows import MassWindow
from models.preprocessing import match_spectrum
from models.quantiles import QuantileMap, weighted_quantile

Array = NDArray[np.float64]
Folds = NDArray[np.integer]
Sample = dict[str, NDArray[Any]]

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
class JetwiseCWoLa(AnomalyDetector):
    """Weakly supervised search in one mass window, with classifiers per jet and fold.

    Classifiers of fold k never see events of fold k and are the only ones to score them. For each fold and
    jet their output is mapped to its quantile among that fold's sideband events; then the quantiles of the
    two jets are combined. What classifies is the business of the subclasses.

    Args:
        window: signal region and sidebands in m_jj.
        features: inputs of a jet's classifier, from the columns `jet1_<feature>` and `jet2_<feature>`.
        folds: number of folds in the column `fold`.
        combine: "max" (CMS CWoLa Hunting), "product" or "fisher" of the two jets' quantiles.
        reweight_pt: give sideband jets the pT spectrum of the signal region.
        weight_column: column of event weights; by default every event counts once, as in data and in CMS
            trainings on simulation.
        seed: the same seed gives the same scores on one machine.

    Raises:
        MaplessError: an impossible setting; in `fit` and `score`, a missing or non-finite column, a fold out
            of range, or a window or sideband without events.
    """

    window: MassWindow
    features: Sequence[str] = JET_FEATURES
    folds: int = 5
    combine: str = "max"
    reweight_pt: bool = True
    weight_column: str | None = None
    seed: int = 1
    _quantile_maps: list[list[QuantileMap]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if self.combine not in COMBINATIONS:
            raise MaplessError(f"cannot combine jets by '{self.combine}'; choose {' or '.join(COMBINATIONS)}")
        self.features = tuple(self.features)

    @abstractmethod
    def _train(self, sample: Sample, progress: Progress | None) -> None:
        """Train the classifiers on the events of window and sidebands, columns of shape (n_events,)."""

    @abstractmethod
    def _classify(self, features: Array, fold: Folds) -> Array:
        """Output of the classifiers that held out each fold: (2, n_events, n_features) to (2, n_events)."""

    @abstractmethod
    def _write(self, folder: Path) -> None:
        """Write the trained classifiers into a folder."""

    @abstractmethod
    def _read(self, folder: Path) -> None:
        """Read the classifiers that `_write` wrote."""

    def fit(self, events: Events, progress: Progress | None = None) -> Self:
        """Train on the events of the window and its sidebands; others are ignored.

        Args:
            events: columns `mjj`, `fold`, `jet1_pt`, `jet2_pt` and the features of both jets, each of
                shape (n_events,).
            progress: called with (steps done, steps in total).
        """
        sample = self._training_sample(events)
        self._train(sample, progress)
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
        return per_fold(self._quantile_maps, self.outputs(events), self._fold(events))

    def outputs(self, events: Events) -> Array:
        """Output of the classifiers that held out each event's fold, jet by jet; shape (2, n_events)."""
        return self._classify(self._features(events), self._fold(events))

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
        """Write settings, quantile maps and classifiers to the folder `path`; replaces what was there."""
        if not self._quantile_maps:
            raise MaplessError("this CWoLa Hunting detector is not trained; call fit before save")
        settings = {setting.name: getattr(self, setting.name) for setting in fields(self) if setting.init}
        maps: dict[str, Any] = {
            f"{jet}_{fold}": one_map.pins
            for jet, of_folds in enumerate(self._quantile_maps)
            for fold, one_map in enumerate(of_folds)
        }
        with write_folder(path) as folder:
            (folder / "detector.json").write_text(
                json.dumps(settings | {"window": asdict(self.window)}, indent=1)
            )
            np.savez(folder / "quantile_maps.npz", **maps)
            self._write(folder)

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
        with np.load(path / "quantile_maps.npz") as maps:
            detector._quantile_maps = [
                [QuantileMap(maps[f"{jet}_{fold}"]) for fold in range(detector.folds)]
                for jet in range(len(JETS))
            ]
        detector._read(path)
        return detector

    def _training_sample(self, events: Events) -> Sample:
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

    def _learn_quantile_maps(self, sample: Sample) -> list[list[QuantileMap]]:
        weights = self.window.sideband_weights(sample["mjj"], sample["weight"])
        side = [(sample["fold"] == held_out) & (weights > 0) for held_out in range(self.folds)]
        outputs = self.outputs(sample)
        return [[QuantileMap.learn(jet[chosen], weights[chosen]) for chosen in side] for jet in outputs]

    def _weights(self, sample: Sample, pt: str, held_out: int) -> NDArray[np.float32]:
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


def per_fold(maps: Sequence[Sequence[Callable[[Array], Array]]], values: Array, fold: Folds) -> Array:
    """Apply the map of its jet and fold to each event's values, shape (2, n_events, ...)."""
    mapped = np.empty(values.shape)
    for jet, jet_maps in enumerate(maps):
        for held_out, one_map in enumerate(jet_maps):
            chosen = fold == held_out
            mapped[jet, chosen] = one_map(values[jet, chosen])
    return mapped
