"""Pseudo-experiments: histograms as the background alone gives them, with all that is uncertain about it.

Systematic shifts are drawn once for a round and move all bins of all distributions together; the rest is each
bin's own.
"""

import zlib
from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np

from fits.region_scan.averaged_tail import Prior
from fits.region_scan.distribution import Distribution
from fits.spectrum import FloatArray

SimulationError = Literal["gaussian", "gamma"]
"""How expectations fluctuate by the number of simulated events: few of them are far from Gaussian."""

LARGEST_MEAN = 1e15
"""Of Poisson numbers; numpy draws no larger ones."""


def common_shifts(names: Iterable[str], n_rounds: int, seed: int) -> dict[str, FloatArray]:
    """By systematic uncertainty its shift in standard deviations in every round, (n_rounds,).

    The name decides the random numbers, so that a further uncertainty changes no other.
    """
    return {name: generator(name, seed).standard_normal(n_rounds) for name in names}


def pseudo_experiments(
    distribution: Distribution,
    shifts: Mapping[str, FloatArray],
    rng: np.random.Generator,
    prior: Prior = "gaussian",
    simulation: SimulationError = "gaussian",
) -> FloatArray:
    """Counts (n_rounds, n_bins) of rounds with such shifts, (n_rounds,) each.

    The mean of a bin is moved by the shifts, linearly or, with the log-normal prior, by powers; then by the
    statistical error, as a Gaussian or as a gamma distribution of the same mean and width; below 0 it is 0.
    """
    n_rounds = len(next(iter(shifts.values())))
    total = distribution.total
    mean = np.broadcast_to(total, (n_rounds, len(total)))
    for name, shift in distribution.shifts.items():
        if prior == "gaussian":
            mean = mean + np.outer(shifts[name], shift)
        else:
            relative = np.divide(shift, total, out=np.zeros_like(shift), where=total > 0)
            mean = mean * (1 + np.abs(relative)) ** (np.sign(relative) * shifts[name][:, None])
    mean = mean + _by_simulation(total, distribution.statistical, mean.shape, rng, simulation)
    return rng.poisson(np.clip(mean, 0, LARGEST_MEAN)).astype(float)


def _by_simulation(
    total: FloatArray,
    error: FloatArray,
    shape: tuple[int, ...],
    rng: np.random.Generator,
    simulation: SimulationError,
) -> FloatArray:
    """What the number of simulated events adds to the means."""
    if simulation == "gaussian":
        return rng.standard_normal(shape) * error
    known = (total > 0) & (error > 0)
    number = np.divide(total, error, out=np.ones_like(total), where=known) ** 2
    drawn = rng.standard_gamma(number, shape) / number - 1
    return np.where(known, drawn * total, 0.0)


def generator(name: str, seed: int) -> np.random.Generator:
    """Random numbers of their own for a name."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])
