"""Points of a quantisation study: networks trained with one or more seeds, and the best within a budget."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from errors import MaplessError
from firmware.performance.efficiencies import Efficiency
from firmware.performance.rates import Rate


@dataclass(frozen=True)
class StudyTraining:
    """What one trained network achieves.

    Args:
        rate: that it achieves, with the threshold.
        efficiencies: of each signal at this threshold.
        seed: of the training; None for a network that was not trained here.
        zeros: fraction of its weights that are zero; None in floating point.
        luts: alkaid's estimate without place-and-route; None in floating point.
    """

    rate: Rate
    efficiencies: Mapping[str, Efficiency]
    seed: int | None = None
    zeros: float | None = None
    luts: int | None = None

    @property
    def mean_efficiency(self) -> float:
        """Mean over the signals."""
        return float(np.mean([found.value for found in self.efficiencies.values()]))


@dataclass(frozen=True)
class StudyPoint:
    """One network of a study and its trainings, which differ by the seed alone.

    Args:
        name: of the network.
        trainings: one per seed.
        weight_bits, sparsity: what was asked for; None where that has no meaning.
        beta0: weight of one bit operation in the loss of a training that learnt its bits.
    """

    name: str
    trainings: tuple[StudyTraining, ...]
    weight_bits: int | None = None
    sparsity: float | None = None
    beta0: float | None = None

    @property
    def luts(self) -> float | None:
        """Mean over the trainings; None in floating point."""
        found = [training.luts for training in self.trainings if training.luts is not None]
        return float(np.mean(found)) if found else None

    @property
    def luts_spread(self) -> float:
        """Standard deviation over the trainings."""
        return self._spread(lambda training: training.luts or 0)

    @property
    def mean_efficiency(self) -> float:
        """Mean over signals and trainings."""
        return float(np.mean([training.mean_efficiency for training in self.trainings]))

    @property
    def efficiency_spread(self) -> float:
        """Standard deviation of the mean over signals, over the trainings; 0 for a single one."""
        return self._spread(lambda training: training.mean_efficiency)

    def efficiency(self, signal: str) -> float:
        """Efficiency of one signal, mean over the trainings."""
        return float(np.mean([training.efficiencies[signal].value for training in self.trainings]))

    def best_training(self, lut_budget: float | None = None) -> int:
        """Index of the most efficient training within a budget of LUTs that their mean respects."""
        budget = float("inf") if lut_budget is None else lut_budget
        affordable = [i for i, training in enumerate(self.trainings) if (training.luts or 0) <= budget]
        return max(affordable, key=lambda i: self.trainings[i].mean_efficiency)

    def as_json(self) -> dict[str, Any]:
        """Give the point, its means and spreads as what JSON can hold."""
        means = {name: self.efficiency(name) for name in self.trainings[0].efficiencies}
        return asdict(self) | {
            "luts": self.luts,
            "luts_spread": self.luts_spread,
            "efficiencies": means,
            "mean_efficiency": self.mean_efficiency,
            "efficiency_spread": self.efficiency_spread,
        }

    def _spread(self, quantity: Callable[[StudyTraining], float]) -> float:
        values = [quantity(training) for training in self.trainings]
        return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def choose(points: Sequence[StudyPoint], lut_budget: float | None = None) -> StudyPoint:
    """Pick the best mean efficiency within a budget of LUTs; among equals the one with fewer LUTs.

    The best of many points is a little flattered by statistics: judge it anew on other events.

    Raises:
        MaplessError: no point has so few LUTs.
    """
    budget = float("inf") if lut_budget is None else lut_budget
    built = [(point.luts, point) for point in points if point.luts is not None]
    affordable = [(point.mean_efficiency, -luts, point) for luts, point in built if luts <= budget]
    if not affordable:
        least = min((luts for luts, _ in built), default=0)
        raise MaplessError(
            f"no point of the study fits into {budget:,.0f} LUTs, the smallest takes {least:,.0f}; "
            "raise the budget, or try fewer bits and more sparsity"
        )
    return max(affordable, key=lambda found: found[:2])[-1]


def pareto_front(points: Sequence[StudyPoint]) -> list[StudyPoint]:
    """Points that no other one beats with as few LUTs or fewer, from small to large."""
    built = [point for point in points if point.luts is not None]
    ordered = sorted(built, key=lambda point: (point.luts or 0, -point.mean_efficiency))
    front: list[StudyPoint] = []
    for point in ordered:
        if not front or point.mean_efficiency > front[-1].mean_efficiency:
            front.append(point)
    return front
