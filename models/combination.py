"""Several detectors as one: their scores, each as its quantile among background-like events, combined."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from errors import MaplessError
from models.anomaly_detector import AnomalyDetector, Progress
from models.events import Events, column
from models.events import fold as fold_of
from models.made import Made, find_class
from models.quantiles import QuantileMap
from models.registry import DETECTORS, make_detector
from models.saving import (
    read_arrays,
    saved_settings,
    stored_pins,
    write_arrays,
    write_folder,
    write_settings,
)
from models.window import Window

Array = NDArray[np.float64]

LEARNED, EACH = "learned", "each"
COMBINATIONS: dict[str, Callable[[Array], Array]] = {
    "rank-average": lambda quantiles: np.mean(quantiles, axis=0),
    "maximum": lambda quantiles: np.max(quantiles, axis=0),
    "product": lambda quantiles: np.prod(quantiles, axis=0),
}


@dataclass
class Combination(AnomalyDetector):
    """Combines detectors, each of which finds other signals, into scores between 0 and 1.

    Each score goes to its quantile among the events of its fold: those of the sidebands, both of which count
    equally, or all events where there is no window. What learns from labels as well is compared with its
    events or, without any, with its background.

    Args:
        detectors: by name `detector` and its `options`; seed, folds, window and what else a search offers
            reach those that take it.
        how: "rank-average", "maximum" or "product" of the quantiles, or "learned": the quantiles as standard
            normal numbers, in the sum that stands out most if a signal moves all of them equally, given the
            correlations of the sidebands (Stouffer's method for correlated tests), or "each": the quantiles
            as they are, under the names of the detectors, for a cut on several scores.
        window: signal region and sidebands, if there is one.
        folds: number of folds.
        seed: of all detectors.
        offered: what else a search offers to detectors.
        parts: the detectors themselves, where they are made already.

    Raises:
        MaplessError: an impossible setting, of one of the detectors too; in `fit` and `score` what they
            raise, and a fold without events in a sideband.
    """

    detectors: Mapping[str, Mapping[str, Any]]
    how: str = "rank-average"
    window: Window | None = None
    folds: int = 5
    seed: int = 1
    offered: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    parts: Sequence[AnomalyDetector] = field(default=(), repr=False, compare=False)
    _quantile_maps: list[list[QuantileMap]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )
    _weights: Array = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known = (*COMBINATIONS, LEARNED, EACH)
        if self.how not in known:
            raise MaplessError(f"cannot combine by '{self.how}'; choose one of {', '.join(known)}")
        if not self.detectors:
            raise MaplessError("a combination needs detectors; name them")
        for name, one in self.detectors.items():
            as_known = one.keys() <= {"detector", "options"} and isinstance(one.get("options", {}), Mapping)
            if not as_known or not isinstance(one.get("detector"), str):
                raise MaplessError(f"{name} of a combination is to be {{detector: NAME, options: {{...}}}}")
        everyone = {**self.offered, "window": self.window, "folds": self.folds, "seed": self.seed}
        self.parts = tuple(self.parts) or tuple(
            make_detector(Made(one["detector"], one.get("options", {}), everyone))
            for one in self.detectors.values()
        )
        self.scores = tuple(self.detectors) if self.how == EACH else ("score",)
        self.roles = tuple(dict.fromkeys(role for part in self.parts for role in part.roles))

    @property
    def learns_from_signal(self) -> bool:
        """Whether any of the detectors does."""
        return any(part.learns_from_signal for part in self.parts)

    @property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """Those of all detectors, and what decides fold and sidebands."""
        own = ("key", *((self.window.column,) if self.window else ()))
        read = {role: [part.columns.get(role, ()) for part in self.parts] for role in self.roles}
        read[self._compared_role].append(own)
        return {role: tuple(dict.fromkeys(chain(*columns))) for role, columns in read.items()}

    @property
    def score_columns(self) -> tuple[str, ...]:
        """Those of all detectors, and what decides the fold."""
        return tuple(dict.fromkeys(("key", *chain(*(part.score_columns for part in self.parts)))))

    @property
    def _compared_role(self) -> str:
        return "events" if "events" in self.roles else self.roles[0]

    def fit(self, training: Mapping[str, Events], progress: Progress | None = None) -> Self:
        """Train one detector after the other, and compare their scores."""
        for number, part in enumerate(self.parts, start=1):
            part.fit({role: training[role] for role in part.roles})
            if progress:
                progress(number, len(self.parts))
        events = training[self._compared_role]
        scores, fold = self._scores(events), fold_of(events, self.folds)
        self._quantile_maps, weights = [], []
        for chosen in (fold == one for one in range(self.folds)):
            compared = events.where(chosen)
            weight = self._background_weight(compared)
            of_fold = scores[:, chosen][:, weight > 0]
            maps = [QuantileMap.learn(score, weight[weight > 0]) for score in of_fold]
            quantiles = np.stack([one(score) for one, score in zip(maps, of_fold, strict=True)])
            self._quantile_maps.append(maps)
            weights.append(_stouffer_weights(ndtri(quantiles), weight[weight > 0]))
        self._weights = np.array(weights)
        return self

    def score(self, events: Events) -> dict[str, Array]:
        """Score events, between 0 and 1 (most anomalous)."""
        quantiles, fold = self.quantiles(events), fold_of(events, self.folds)
        if self.how == EACH:
            return dict(zip(self.scores, quantiles, strict=True))
        if self.how == LEARNED:
            return {"score": ndtr(np.sum(self._weights[fold].T * ndtri(quantiles), axis=0))}
        return {"score": COMBINATIONS[self.how](quantiles)}

    def quantiles(self, events: Events) -> Array:
        """Fraction of background-like events that are less anomalous, (n_parts, n_events)."""
        if not self._quantile_maps:
            raise MaplessError("this combination is not trained; call fit or load first")
        scores, fold = self._scores(events), fold_of(events, self.folds)
        quantiles = np.empty(scores.shape)
        for held_out, maps in enumerate(self._quantile_maps):
            chosen = fold == held_out
            for place, one in enumerate(maps):
                quantiles[place, chosen] = one(scores[place, chosen])
        return quantiles

    def save(self, folder: Path) -> None:
        """Write settings, quantile maps and all detectors into a folder; replaces what was there."""
        if not self._quantile_maps:
            raise MaplessError("this combination is not trained; call fit before save")
        maps = {
            f"quantiles_{fold}_{place}": one.pins
            for fold, of_fold in enumerate(self._quantile_maps)
            for place, one in enumerate(of_fold)
        }
        with write_folder(folder) as beside:
            write_settings(beside, self)
            write_arrays(beside / "combination.npz", {"weights": self._weights, **maps})
            for number, part in enumerate(self.parts):
                part.save(beside / f"part_{number}")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a detector that `save` wrote; MaplessError if there is none."""
        with saved_settings(folder) as settings:
            kinds = [find_class(one["detector"], DETECTORS) for one in settings["detectors"].values()]
            parts = [kind.load(folder / f"part_{number}") for number, kind in enumerate(kinds)]
            detector = cls(**settings, parts=parts)
            arrays = read_arrays(folder / "combination.npz")
            detector._weights = arrays["weights"]
            folds, scores = detector._weights.shape
            detector._quantile_maps = [
                [QuantileMap(stored_pins(arrays[f"quantiles_{fold}_{place}"])) for place in range(scores)]
                for fold in range(folds)
            ]
        return detector

    def _scores(self, events: Events) -> Array:
        """The score of every detector, of several the one called "score"; (n_parts, n_events)."""
        of_parts = [part.score(events) for part in self.parts]
        return np.stack([one["score"] if "score" in one else next(iter(one.values())) for one in of_parts])

    def _background_weight(self, events: Events) -> Array:
        """Weights (n_events,) by which events stand for the background."""
        if not len(events):
            raise MaplessError("a fold holds no events to compare scores in; choose fewer folds")
        if self.window is None:
            return np.ones(len(events))
        return self.window.sideband_weights(column(events, self.window.column), np.ones(len(events)))


def _stouffer_weights(normal: Array, weight: Array) -> Array:
    """Weights of standard normal numbers (n, n_events) whose sum is standard normal and gains the most."""
    covariance = np.cov(normal, aweights=weight).reshape(len(normal), len(normal))
    best = np.linalg.pinv(covariance, hermitian=True) @ np.ones(len(normal))
    return best / np.sqrt(best @ covariance @ best)
