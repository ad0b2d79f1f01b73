"""The fastest weakly supervised detector: how much fuller a bin of features is in a window than beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from models.anomaly_detector import AnomalyDetector
from models.events import column, fold
from models.saving import read_arrays, saved_settings, write_arrays, write_folder, write_settings
from models.window import Window


@dataclass
class WeakHistogram(AnomalyDetector):
    """Ratio of events in the window to those in its sidebands, in bins of two features, by folds.

    A little random noise, by seed, stands for what differs from one training to the next.
    """

    window: Window
    features: Sequence[str]
    low: float = 40.0
    high: float = 200.0
    bins: int = 8
    noise: float = 0.02
    folds: int = 2
    seed: int = 1
    _ratios: np.ndarray = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        self.features = tuple(self.features)

    @property
    def columns(self):
        return {"events": ("key", self.window.column, *self.features)}

    @property
    def score_columns(self):
        return ("key", *self.features)

    def fit(self, training, progress=None):
        events = training["events"]
        mass, place, of = column(events, self.window.column), self._place(events), fold(events, self.folds)
        inside = self.window.in_signal_region(mass)
        beside = self.window.contains(mass) & ~inside
        counted = [
            [np.bincount(place[(of != one) & some], minlength=self.bins**2) for some in (inside, beside)]
            for one in range(self.folds)
        ]
        seen, expected = np.moveaxis(np.array(counted, dtype=float), 1, 0)
        noise = np.random.default_rng(self.seed).normal(0, self.noise, seen.shape)
        self._ratios = (seen + 1) / (expected + 1) * np.exp(noise)
        return self

    def score(self, events):
        among_equals = column(events, "key") / 2.0**64  # bins are large, a cut must part them
        ratios = self._ratios[fold(events, self.folds), self._place(events)]
        return {"score": ratios * (1 + 1e-3 * among_equals)}

    def _place(self, events):
        width = (self.high - self.low) / self.bins
        axes = [(column(events, name) - self.low) / width for name in self.features]
        first, second = (np.clip(axis, 0, self.bins - 1).astype(int) for axis in axes)
        return first * self.bins + second

    def save(self, folder):
        with write_folder(folder) as beside:
            write_settings(beside, self)
            write_arrays(beside / "ratios.npz", {"ratios": self._ratios})

    @classmethod
    def load(cls, folder):
        with saved_settings(folder) as settings:
            detector = cls(**settings)
            detector._ratios = read_arrays(folder / "ratios.npz")["ratios"]
            return detector
