"""What classifiers of jet images are and how they train, as plain numbers."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ClassifierSettings:
    """Classifiers of one architecture.

    Args:
        filters: of convolutions of 3 x 3 pixels, which lose their edges; pooling follows each group.
        dense: units of the layer behind them.
        epochs, batch_size, learning_rate: see `models.stacked_training.Schedule`.
    """

    filters: Sequence[Sequence[int]]
    dense: int
    epochs: int
    batch_size: int
    learning_rate: float
