"""What a detector looks at: features that move its score, and features that its selection has changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.anomaly_detector import AnomalyDetector
from models.events import Array, Events, Mask, column


def permutation_importance(
    detector: AnomalyDetector,
    events: Events,
    columns: Sequence[str],
    *,
    score: str = "score",
    kept: float = 0.01,
    seed: int = 1,
) -> dict[str, float]:
    """Share of the most anomalous events that no longer are if a column is dealt out anew among all events.

    It is 0 for what a detector does not use, and nearly 1 where nothing else matters. Columns that say the
    same share their importance.

    Args:
        detector: a trained one.
        events: that it scores.
        columns: (n_events, ...) each, dealt out one by one.
        score: name of the score.
        kept: fraction of the events that counts as most anomalous.
        seed: of the dealing.

    Returns:
        the share by column, the largest first. Raises MaplessError for a missing column.
    """
    if not 0 < kept < 1:
        raise MaplessError(f"kept is {kept:g}; a fraction is between 0 and 1")
    before = np.asarray(detector.score(events)[score])
    threshold = np.quantile(before, 1 - kept)
    selected = before > threshold
    random, found = np.random.default_rng(seed), {}
    for name in columns:
        dealt = _Replaced(events, {name: random.permutation(column(events, name))})
        after = np.asarray(detector.score(dealt)[score])
        found[name] = float(np.mean(after[selected] <= threshold)) if selected.any() else 0.0
    return _largest_first(found)


def feature_distances(features: Mapping[str, Array], selected: Mask) -> dict[str, float]:
    """Largest distance between the distributions of selected and other events (Kolmogorov-Smirnov), by name.

    Between 0, no difference, and 1, no overlap; the largest first. Features (n_events,), `selected` a mask
    (n_events,) that holds some events and not all, or MaplessError.
    """
    from scipy.stats import ks_2samp

    if not 0 < selected.sum() < len(selected):
        raise MaplessError("all or no events are selected: there is nothing to compare them with")
    found = {
        name: float(ks_2samp(values[selected], values[~selected], method="asymp").statistic)
        for name, values in features.items()
    }
    return _largest_first(found)


def _largest_first(found: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(found.items(), key=lambda item: -item[1]))


@dataclass(frozen=True)
class _Replaced:
    """Events of which some columns have other values."""

    events: Events
    values: Mapping[str, Array]

    @property
    def columns(self) -> frozenset[str]:
        return self.events.columns

    def __len__(self) -> int:
        return len(self.events)

    def __getitem__(self, name: str) -> Array:
        return self.values[name] if name in self.values else self.events[name]

    def where(self, mask: NDArray[np.bool_]) -> Self:
        chosen = {name: values[mask] for name, values in self.values.items()}
        return type(self)(self.events.where(mask), chosen)

    def batches(
        self, columns: Sequence[str], size: int, *, seed: int | None = None, epoch: int = 0
    ) -> Iterator[Mapping[str, Array]]:
        order = np.arange(len(self))
        if seed is not None:
            order = np.random.default_rng((seed, epoch)).permutation(order)
        for start in range(0, len(self), size):
            chosen = order[start : start + size]
            yield {name: self[name][chosen] for name in columns}
