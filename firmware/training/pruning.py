"""Magnitude pruning while a quantised network trains: weights near zero become zero and cost no logic."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError

BEGIN, END = 0.2, 0.6
"""Parts of the training between which sparsity grows; after that the other weights recover."""
STEPS_BETWEEN_MASKS = 10


def sparsity_at(progress: float, final: float) -> float:
    """Sparsity when a fraction `progress` of the training is done: a cubic ramp (arXiv:1710.01878, eq. 1).

    >>> [round(sparsity_at(progress, 0.8), 3) for progress in (0.1, 0.4, 1.0)]
    [0.0, 0.7, 0.8]
    """
    done = min(max((progress - BEGIN) / (END - BEGIN), 0.0), 1.0)
    return final * (1 - (1 - done) ** 3)


def largest_weights(kernel: NDArray[Any], sparsity: float) -> NDArray[np.bool_]:
    """Mask of the weights of one layer that stay, same shape: all but the given fraction, smallest first.

    >>> largest_weights(np.array([[0.1, -0.9], [0.5, -0.2]]), 0.5)
    array([[False,  True],
           [ True, False]])
    """
    kept = np.ones(kernel.size, dtype=bool)
    kept[np.argsort(np.abs(kernel), axis=None, kind="stable")[: round(sparsity * kernel.size)]] = False
    return kept.reshape(kernel.shape)


def require_sparsity(sparsity: float) -> None:
    """Raise MaplessError unless a network can lose this fraction of its weights and work: 0 up to below 1."""
    if not 0 <= sparsity < 1:
        raise MaplessError(f"a sparsity of {sparsity:g} is impossible; choose one from 0 up to below 1")


def pruning_callback(network: Any, sparsity: float) -> Any:
    """Make a Keras callback that prunes the quantised layers of `network` while it trains in another.

    Each layer loses the same fraction, so that none is cut through. Masks hold after every step and to the
    end, so that exported weights are exactly zero.

    Raises:
        MaplessError: the sparsity is not in [0, 1), or the network has no quantised weights.
    """
    import keras

    require_sparsity(sparsity)
    kernels = quantised_kernels(network)
    if not kernels:
        raise MaplessError("only quantised networks are pruned; train with quantised=True")

    class Pruning(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.step = 0
            self.masks: list[NDArray[np.bool_]] = []

        def on_train_begin(self, logs: Any = None) -> None:
            self.n_steps = self.params["epochs"] * self.params["steps"]

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.step += 1
            if self.step % STEPS_BETWEEN_MASKS == 0 or self.step == self.n_steps:
                wanted = sparsity_at(self.step / self.n_steps, sparsity)
                self.masks = [largest_weights(kernel.numpy(), wanted) for kernel in kernels]
            for kernel, mask in zip(kernels, self.masks, strict=False):
                kernel.assign(kernel * mask)

    return Pruning()


def quantised_kernels(network: Any) -> list[Any]:
    """Give the Keras variables that hold the trained weights, biases left out, of the quantised layers."""
    layers = [layer for layer in network.layers if hasattr(layer, "kernel_quantizer_internal")]
    return [layer.kernel for layer in layers if layer.trainable]


def fraction_of_zeros(network: Any) -> float:
    """Fraction of the weights, biases left out, that are zero in firmware."""
    values = np.concatenate([kernel.numpy().ravel() for kernel in quantised_kernels(network)])
    return float(np.mean(values == 0))
