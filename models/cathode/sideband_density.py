"""The density of features given the mass, learnt beside a window and drawn from inside of it."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.flows.autoregressive import AutoregressiveFlows
from models.flows.elementwise import RationalQuadraticSpline
from models.flows.flow_ensemble import FlowEnsemble
from models.folds import Rotation
from models.saving import stored_pins
from models.scikit.scalers import QuantileScaler
from models.stacked_training import Schedule, Share
from models.window import Window

Array = NDArray[np.float64]


@dataclass(frozen=True)
class DensitySettings:
    """Conditional spline flows of each fold, and how they train (`models.stacked_training.Schedule`)."""

    blocks: int
    hidden: Sequence[int]
    bins: int
    epochs: int
    batch_size: int
    learning_rate: float
    best_epochs: int


class SidebandDensity:
    """For every fold a flow of features given the mass that saw sidebands of other folds only.

    Features are first made nearly normal, fold by fold; all methods but `scaled` take and give them so.

    Args:
        window: whose sidebands are learnt from; its mass is the condition.
        scalers: of each fold, fitted.
        ensemble: one flow per fold.
    """

    def __init__(self, window: Window, scalers: Sequence[QuantileScaler], ensemble: FlowEnsemble) -> None:
        self.window = window
        self.scalers = scalers
        self.ensemble = ensemble

    @classmethod
    def untrained(
        cls,
        window: Window,
        scalers: Sequence[QuantileScaler],
        features: int,
        settings: DensitySettings,
        seed: int,
    ) -> Self:
        """Flows that map nothing yet."""
        spline = RationalQuadraticSpline(settings.bins)
        flows = AutoregressiveFlows(
            len(scalers), features, 1, settings.blocks, tuple(settings.hidden), spline, seed
        )
        return cls(window, scalers, FlowEnsemble(flows, seed))

    @classmethod
    def learn(
        cls,
        window: Window,
        events: tuple[Array, Array, Array, NDArray[np.integer]],
        turns: Sequence[Rotation],
        settings: DensitySettings,
        seed: int,
        progress: Callable[[int, int], None] | None = None,
    ) -> Self:
        """Train on features (n, n_features), masses, weights and folds of events; those in sidebands count.

        `turns` say for each fold which others its flow trains and stops on.
        """
        mass = events[1]
        side = window.contains(mass) & ~window.in_signal_region(mass)
        features, mass, weight, fold = events[0][side], mass[side], events[2][side], events[3][side]
        scalers = [QuantileScaler().fit(features[fold != turn.held_out]) for turn in turns]
        density = cls.untrained(window, scalers, features.shape[1], settings, seed)
        table = np.concatenate([scaler.transform(features) for scaler in scalers])
        conditions = np.tile(density.condition(mass), (len(turns), 1))
        shares = [_share(turn, place * len(fold), fold, weight) for place, turn in enumerate(turns)]
        schedule = Schedule(
            settings.epochs,
            settings.batch_size,
            settings.learning_rate,
            patience=settings.epochs,
            best_epochs=settings.best_epochs,
        )
        density.ensemble.fit(table, conditions, shares, schedule, progress)
        return density

    def scaled(self, features: Sequence[Array]) -> list[Array]:
        """Features (n, n_features) of each fold's events as its flow wants them."""
        return [scaler.transform(one) for scaler, one in zip(self.scalers, features, strict=True)]

    def sample(self, fold: int, masses: Array, random: np.random.Generator) -> Array:
        """Draw features (n, n_features) at masses (n,) by the flow of a fold."""
        rows = [np.arange(len(masses) if one == fold else 0) for one in range(len(self.scalers))]
        return self.ensemble.sample(self.condition(masses), rows, random)[fold]

    def latent(self, features: Sequence[Array], masses: Sequence[Array]) -> list[Array]:
        """Map features (n, n_features) and masses (n,) of each fold to where background is normal."""
        ends = np.cumsum([len(one) for one in masses])
        rows = np.split(np.arange(ends[-1]), ends[:-1])
        conditions = self.condition(np.concatenate(masses))
        return [one[:, :-1] for one in self.ensemble.transform(np.concatenate(features), conditions, rows)]

    def condition(self, masses: Array) -> Array:
        """Logarithm of the mass, -1 and 1 at the outer edges of the sidebands and there beyond; (n, 1)."""
        low, high = np.log(self.window.low_sideband[0]), np.log(self.window.high_sideband[1])
        return np.clip(2 * (np.log(masses) - low) / (high - low) - 1, -1, 1)[:, None]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that was learnt."""
        knots = {
            f"knots_{fold}_{feature}": values
            for fold, scaler in enumerate(self.scalers)
            for feature, values in enumerate(scaler.knots_)
        }
        flows = {
            f"flow_{epoch}_{i}": weight
            for epoch, weights in enumerate(self.ensemble.snapshots)
            for i, weight in enumerate(weights)
        }
        return knots | flows

    @classmethod
    def of_arrays(
        cls,
        arrays: Mapping[str, NDArray[Any]],
        window: Window,
        folds: int,
        features: int,
        settings: DensitySettings,
    ) -> Self:
        """What `arrays` gave; ValueError or KeyError for anything else."""
        scalers = []
        for fold in range(folds):
            scaler = QuantileScaler()
            scaler.knots_ = [stored_pins(arrays[f"knots_{fold}_{feature}"]) for feature in range(features)]
            scalers.append(scaler)
        density = cls.untrained(window, scalers, features, settings, seed=0)
        shapes = [tuple(variable.shape) for variable in density.ensemble.flows.variables]
        epochs = math.ceil(sum(name.startswith("flow_") for name in arrays) / len(shapes))
        snapshots = [[arrays[f"flow_{epoch}_{i}"] for i in range(len(shapes))] for epoch in range(epochs)]
        if not snapshots or any([weight.shape for weight in one] != shapes for one in snapshots):
            raise ValueError("flows of another shape")
        density.ensemble.snapshots = snapshots
        return density


def _share(turn: Rotation, first: int, fold: NDArray[np.integer], weight: Array) -> Share:
    """Rows of a fold's part of the table, which begins at `first`."""
    training, validation = (
        np.flatnonzero(np.isin(fold, turn.training)),
        np.flatnonzero(fold == turn.validation),
    )
    single = weight.astype(np.float32)
    return Share(first + training, single[training], first + validation, single[validation])
