"""Folds of events: the numpy twin of `mapless::fold` in selections/cpp/mapless/fold.h."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from errors import MaplessError


def fold(run: ArrayLike, luminosity_block: ArrayLike, event: ArrayLike, k: int) -> NDArray[np.int32]:
    """Fold numbers (n,), 0 to k-1, of events named by run, luminosity block and event number (integers).

    The hash is SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), applied to one number after the other.

    >>> fold(1, 7, [1, 2, 3, 4, 5], 5).tolist()
    [4, 3, 1, 0, 1]
    """
    if k < 1:
        raise MaplessError(f"{k} folds are impossible; ask for one or more")
    return (event_hash(run, luminosity_block, event) % np.uint64(k)).astype(np.int32)


def event_hash(run: ArrayLike, luminosity_block: ArrayLike, event: ArrayLike) -> NDArray[np.uint64]:
    """64 well-mixed bits (n,) that stand for an event: its run, luminosity block and event number."""
    mixed = mix_bits(unsigned(run))
    mixed = mix_bits(mixed ^ unsigned(luminosity_block))
    return mix_bits(mixed ^ unsigned(event))


def unsigned(numbers: ArrayLike) -> NDArray[np.uint64]:
    """Event numbers (n,) as the hash takes them; raises MaplessError for others than integers."""
    array = np.asarray(numbers)
    if array.dtype.kind not in "iu":
        raise MaplessError(f"event numbers of type {array.dtype} lose digits; keep them as integers")
    return array.astype(np.uint64)


def mix_bits(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers (n,) without any likeness to those given: the finaliser of SplitMix64."""
    with np.errstate(over="ignore"):  # the hash counts on arithmetic modulo 2^64
        value = value + np.uint64(0x9E3779B97F4A7C15)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
