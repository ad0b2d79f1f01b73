"""Keeps the emptiest bins of a plane of two scores around every mass hypothesis, as CMS QUAK."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.anomaly_detector import Scores
from models.cuts.learnt import LearntCut, check_fractions
from models.events import Events, Mask, column, event_weights, fold
from models.window import Window

Array = NDArray[np.float64]
Bins = NDArray[np.intp]


@dataclass
class QuakBins(LearntCut):
    """Category "kept" per mass hypothesis: events in the bins of a plane that its sidebands populate least.

    The plane of two scores is divided into polar bins, equal in angle and in distance from where both are 0.
    Bins are taken from the least populated on, the outermost of equal ones first, until they hold the wanted
    part of the sidebands (arXiv:2412.03747). Only sidebands are looked at, never the signal region, and bins
    for the events of a fold are chosen by those of the other folds: bins that happen to be empty in the very
    events that are fitted would dig a hole on either side of the signal region.

    Args:
        column: the mass that sidebands are in (GeV).
        kept: part of the sidebands to keep.
        events: instead of `kept`, the number of events to keep in the signal region, as the sidebands let
            expect: so many, or events / 3 (m / TeV - 3)^3 if that is more. CMS: 1500.
        axes: names of the score along the first axis, of which only positive values are kept, and of that
            along the second.
        half_width: of the signal region, relative to the mass.
        sideband: width of each sideband in GeV.
        angles, radii: number of bins; the last of the radii is open.
        reach: where that begins.
        folds: number of folds.
        weight_column: see `models.cuts.learnt`.

    Raises:
        MaplessError: an impossible setting; in `learn`, a sideband without events; in `masks`, a mass that
            was not learnt.
    """

    per_mass: ClassVar[bool] = True

    column: str
    kept: float = 0.01
    events: float | None = None
    axes: tuple[str, str] = ("background_loss", "signal_likeness")
    half_width: float = 0.05
    sideband: float = 500.0
    angles: int = 12
    radii: int = 12
    reach: float = 5.0
    folds: int = 5

    def __post_init__(self) -> None:
        self.axes = (self.axes[0], self.axes[1])
        check_fractions({"kept": self.kept})
        if min(self.angles, self.radii, self.reach, self.sideband) <= 0 or not 0 < self.half_width < 1:
            raise MaplessError("bins, reach and sideband must be positive, and half_width between 0 and 1")
        if self.events is not None and self.events <= 0:
            raise MaplessError(f"events is {self.events:g}; keep a positive number")
        if self.folds < 2:  # noqa: PLR2004  (one to cut, others to learn)
            raise MaplessError("bins of one fold are chosen by the others; choose at least 2 folds")

    @property
    def categories(self) -> tuple[str, ...]:
        """The one category."""
        return ("kept",)

    @property
    def scores(self) -> tuple[str, ...]:
        """The axes."""
        return self.axes

    @property
    def columns(self) -> tuple[str, ...]:
        """The mass, the key that decides the fold, and the weights."""
        return (self.column, "key", *((self.weight_column,) if self.weight_column else ()))

    def learn(self, events: Events, scores: Scores, masses: Sequence[float] = ()) -> Self:
        """Choose the bins of every mass hypothesis (GeV) and fold."""
        values = column(events, self.column).astype(np.float64)
        weight, of_event = event_weights(events, self.weight_column), fold(events, self.folds)
        place = self.bins(scores)
        self._learnt = {}
        for mass in masses:
            window = self._around(mass)
            sidebands = window.sideband_weights(values, weight)
            part = self.kept if self.events is None else self._part(mass, window, values, weight)
            self._learnt[str(float(mass))] = [
                self._emptiest(place, np.where(of_event == held_out, 0.0, sidebands), part)
                for held_out in range(self.folds)
            ]
        return self

    def masks(self, events: Events, scores: Scores, mass: float | None = None) -> dict[str, Mask]:
        """Events in the bins of a mass hypothesis (GeV) and of their fold."""
        if mass is None or str(float(mass)) not in self._learnt:
            raise MaplessError(
                f"there are no bins around {mass}; learnt were {', '.join(self._learnt) or 'none'}"
            )
        chosen = np.zeros((self.folds, self._outside + 1), bool)
        for held_out, bins in enumerate(self.learnt(str(float(mass)))):
            chosen[held_out, bins] = True
        return {"kept": chosen[fold(events, self.folds), self.bins(scores)]}

    def bins(self, scores: Scores) -> Bins:
        """Bin of every event (n_events,), by radius and then by angle; the last is where none is kept."""
        missing = [name for name in self.axes if name not in scores]
        if missing:
            raise MaplessError(f"there is no score '{missing[0]}'; set `axes` to two of {', '.join(scores)}")
        x, y = (np.asarray(scores[name], np.float64) for name in self.axes)
        radius = np.minimum(np.hypot(x, y) / self.reach, 1.0) * (self.radii - 1)
        angle = np.clip((np.arctan2(y, x) / np.pi + 0.5) * self.angles, 0, self.angles - 1)
        found = radius.astype(np.intp) * self.angles + angle.astype(np.intp)
        return np.where(x > 0, found, self._outside)

    @property
    def _outside(self) -> int:
        return self.angles * self.radii

    def _emptiest(self, place: Bins, weight: Array, part: float) -> list[int]:
        """Bins, from the least populated on, until they hold a part of the weight (n_events,)."""
        inside = np.bincount(place, weight, minlength=self._outside + 1)
        bins = self._outside - 1 - np.argsort(inside[-2::-1], kind="stable")
        wanted = np.searchsorted(np.cumsum(inside[bins]), part * inside.sum()) + 1
        return sorted(bins[:wanted].tolist())

    def _part(self, mass: float, window: Window, values: Array, weight: Array) -> float:
        """Part of the events that is the wanted number of them in the signal region."""
        assert self.events is not None
        beside = [
            np.sum(weight, where=window.in_low_sideband(values)),
            np.sum(weight, where=window.in_high_sideband(values)),
        ]
        expected = np.sqrt(np.prod(beside)) / self.sideband * (window.high - window.low)
        return float(max(self.events, self.events / 3 * (mass / 1000 - 3) ** 3) / expected)

    def _around(self, mass: float) -> Window:
        low, high = mass * (1 - self.half_width), mass * (1 + self.half_width)
        sidebands = (low - self.sideband, low), (high, high + self.sideband)
        return Window(f"around {mass:g}", self.column, low, high, *sidebands)
