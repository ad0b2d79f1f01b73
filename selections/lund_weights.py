"""Weights of jets by the ratio of Lund planes, with their uncertainties, named as in the public package."""

import numpy as np
from numpy.typing import NDArray

from selections.lund_ratio import LundRatio, Splittings

Array = NDArray[np.float64]


def lund_weights(
    ratio: LundRatio,
    splittings: Splittings,
    n_jets: int,
    *,
    bottom: NDArray[np.bool_] | None = None,
    toys: int = 100,
    seed: int = 1,
) -> dict[str, Array]:
    """Weight of every jet, the product of the ratio over its splittings, each kind with mean 1.

    Args:
        ratio: of two Lund planes.
        splittings: of all jets.
        n_jets: their number.
        bottom: which splittings (n,) are of subjets of a bottom quark; by default none.
        toys: number of draws of the statistical errors and of the extrapolation in pt.
        seed: of the draws.

    Returns:
        "nom", "sys_up", "sys_down", "bquark_up" and "bquark_down" (n_jets,); "stat_vars" and "pt_vars"
        (n_jets, toys).
    """

    def product(of_splittings: Array) -> Array:
        weights = np.exp(np.bincount(splittings.jet, np.log(of_splittings), minlength=n_jets))
        return weights / weights.mean()

    nominal = ratio.at(splittings)
    of_bottom = (
        np.where(bottom, ratio.bottom_at(splittings), 1.0) if bottom is not None else np.ones_like(nominal)
    )
    drawn = [[product(of_bins), product(beyond)] for of_bins, beyond in ratio.toys(splittings, toys, seed)]
    statistical, extrapolated = np.reshape(drawn, (toys, 2, n_jets)).transpose(1, 2, 0)
    return {
        "nom": product(nominal),
        "stat_vars": statistical,
        "pt_vars": extrapolated,
        "sys_up": product(ratio.at(splittings, "up")),
        "sys_down": product(ratio.at(splittings, "down")),
        "bquark_up": product(nominal * of_bottom),
        "bquark_down": product(nominal / of_bottom),
    }
