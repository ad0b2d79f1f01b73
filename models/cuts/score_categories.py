"""Exclusive categories whose thresholds follow a mass, as the quantile regression of CMS VAE-QR.

A detector that finds heavy events odd would sculpt a mass spectrum under a fixed threshold; here a category
holds the same fraction of background at every mass (arXiv:2412.03747).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, Self

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from errors import MaplessError
from models.anomaly_detector import Scores
from models.cuts.learnt import ScoreCut, check_fractions
from models.events import Events, Mask, column, event_weights, fold
from models.quantiles import weighted_quantile

Array = NDArray[np.float64]


@dataclass
class ScoreCategories(ScoreCut):
    """Categories such as "0-1%", "1-5%" and "5-10%" of the highest scores at every mass.

    In every fold the quantiles of the score at some masses make one cut curve; the mean of the other folds'
    curves, smoothed by a polynomial in log mass, cuts the events of a fold. Beyond the centres of the first
    and last mass bin the thresholds stay what they are there.

    Args:
        column: the mass (GeV).
        efficiencies: upper ends of the categories, rising.
        folds: number of folds (CMS: 20).
        bins: number of mass bins with equally many events.
        regression: what the curves of a fold are: quantiles in the "bins", or "networks" at their centres
            (CMS; `models.cuts.quantile_networks`).
        epochs, seed: of the networks.
        order: of the polynomial (CMS: 3).
        score, weight_column: see `models.cuts.learnt`.

    Raises:
        MaplessError: an impossible setting; in `learn`, too few events for these folds and bins.
    """

    column: str
    efficiencies: Sequence[float] = (0.01, 0.05, 0.10)
    folds: int = 5
    bins: int = 20
    regression: Literal["bins", "networks"] = "bins"
    epochs: int = 50
    seed: int = 1
    order: int = 3

    def __post_init__(self) -> None:
        self.efficiencies = tuple(self.efficiencies)
        check_fractions({f"{kept}": kept for kept in self.efficiencies})
        if any(low >= high for low, high in pairwise(self.efficiencies)):
            raise MaplessError(f"efficiencies {self.efficiencies} must rise")
        if self.folds < 2 or not 0 <= self.order < self.bins:  # noqa: PLR2004  (one to cut, others to learn)
            raise MaplessError("quantile regression needs two folds, and more bins than its order")
        if self.regression not in ("bins", "networks"):
            raise MaplessError(f"there is no regression by '{self.regression}'; choose bins or networks")
        if self.epochs < 1:
            raise MaplessError(f"networks learn nothing in {self.epochs} epochs; choose at least 1")

    @property
    def categories(self) -> tuple[str, ...]:
        """Ranges of the efficiencies, from the most anomalous on.

        >>> ScoreCategories("mjj").categories
        ('0-1%', '1-5%', '5-10%')
        """
        return tuple(f"{100 * low:g}-{100 * high:g}%" for low, high in pairwise((0.0, *self.efficiencies)))

    @property
    def exclusive(self) -> bool:
        """No event is in two categories."""
        return True

    @property
    def columns(self) -> tuple[str, ...]:
        """The mass, the key that decides the fold, and the weights."""
        return (self.column, "key", *((self.weight_column,) if self.weight_column else ()))

    def learn(self, events: Events, scores: Scores, masses: Sequence[float] = ()) -> Self:
        """Find the cut curves of every fold."""
        mass = np.log(column(events, self.column).astype(np.float64))
        edges = np.quantile(mass, np.linspace(0, 1, self.bins + 1)[1:-1])
        position = np.searchsorted(edges, mass, side="right")
        of_event = fold(events, self.folds)
        cell, count = position + self.bins * of_event, self.bins * self.folds
        if np.bincount(cell, minlength=count).min() * min(self.efficiencies) < 1:
            raise MaplessError(
                f"{len(events)} events are too few for {self.folds} folds, {self.bins} mass bins and "
                f"{min(self.efficiencies):g} of them; choose fewer bins or folds"
            )
        centres = np.bincount(position, mass) / np.bincount(position)
        weight, score = event_weights(events, self.weight_column), self.the_score(scores)
        if self.regression == "networks":
            from models.cuts.quantile_networks import quantile_curves

            folds = _members(of_event, self.folds)
            curves = quantile_curves(
                mass, score, weight, folds, self.efficiencies, centres, self.epochs, self.seed
            )
        else:
            quantiles = [
                [weighted_quantile(score[chosen], weight[chosen], 1 - kept) for kept in self.efficiencies]
                for chosen in _members(cell, count)
            ]
            curves = np.reshape(quantiles, (self.folds, self.bins, -1))
        self._learnt = {"centres": centres.tolist(), "curves": self._smooth(centres, curves).tolist()}
        return self

    def masks(self, events: Events, scores: Scores, mass: float | None = None) -> dict[str, Mask]:
        """Events of each category, by the curves of their fold."""
        centres, curves = np.array(self.learnt("centres")), np.array(self.learnt("curves"))
        where = np.clip(np.log(column(events, self.column).astype(np.float64)), centres[0], centres[-1])
        score, taken = self.the_score(scores), np.zeros(len(events), bool)
        of_event, masks = fold(events, self.folds), {}
        for i, name in enumerate(self.categories):
            threshold = np.empty(len(events))
            for held_out in range(self.folds):
                chosen = of_event == held_out
                threshold[chosen] = Polynomial(curves[held_out, i])(where[chosen] - centres[0])
            masks[name] = (score > threshold) & ~taken
            taken |= masks[name]
        return masks

    def _smooth(self, centres: Array, curves: Array) -> Array:
        """Polynomials in log mass - centres[0] for every fold: (folds, bins, n) to (folds, n, order + 1)."""
        others = (curves.sum(axis=0) - curves) / (self.folds - 1)
        return np.array(
            [
                [
                    Polynomial.fit(centres - centres[0], values, self.order).convert().coef
                    for values in of_fold.T
                ]
                for of_fold in others
            ]
        )


def _members(numbers: NDArray[np.integer], count: int) -> list[NDArray[np.integer]]:
    """The events of each of so many numbers."""
    order = np.argsort(numbers, kind="stable")
    return np.split(order, np.searchsorted(numbers[order], np.arange(1, count)))
