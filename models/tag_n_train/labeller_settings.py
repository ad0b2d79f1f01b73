"""What autoencoders of jet images are and how they train, as plain numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from errors import MaplessError


@dataclass(frozen=True)
class LabellerSettings:
    """Autoencoders of one architecture.

    Args:
        members: how many.
        n_images: most images that each learns from.
        filters: of the convolutions, two at least; all but the last are followed by pooling.
        dense: units of the dense layers behind them.
        latent: units of the innermost layer. The decoder mirrors the encoder but for its first convolution.
        epochs, batch_size, learning_rate: see `models.stacked_training.Schedule`.

    Raises:
        MaplessError: a number that is too small.
    """

    members: int
    n_images: int
    filters: Sequence[int]
    dense: Sequence[int]
    latent: int
    epochs: int
    batch_size: int
    learning_rate: float

    def __post_init__(self) -> None:
        least = {"n_images": 10, "latent": 1, "epochs": 1, "batch_size": 1}  # a tenth of images validates
        for name, number in least.items():
            if getattr(self, name) < number:
                raise MaplessError(f"{name} {getattr(self, name)} is too small; choose {number} or more")
        if not self.learning_rate > 0:
            raise MaplessError(f"a learning rate of {self.learning_rate} teaches nothing; choose one above 0")
        if len(self.filters) < 2:  # noqa: PLR2004
            raise MaplessError("filters needs two convolutions at least: images are pooled between them")
        if min(*self.filters, *self.dense) < 1:
            raise MaplessError(f"filters {self.filters} and dense {self.dense} must be numbers above 0")
