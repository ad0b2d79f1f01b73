"""Measures the ratio of the Lund planes of two samples of jets, such as W jets in data and simulation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections.lund_ratio import SHIFTS, LundRatio, Splittings

Array = NDArray[np.float64]
EDGES = (
    np.array([10.0, 65.0, 110.0, 175.0, 240.0, 300.0, 99999.0]),
    np.linspace(-1, 8, 21),
    np.linspace(-5, np.log(1000.0), 21),
)
"""Subjet pt (GeV), ln(0.8 / Delta) and ln(kt / GeV), as CMS-DP-2023/046."""
BETTER_SLOPE = 3.84  # fall of chi2 that chance alone gives a slope in one of twenty bins


@dataclass(frozen=True)
class MeasuredPlane:
    """Splittings per subjet (n_pt, n_angle, n_kt), their variance, and the mean subjet pt (n_pt,) in GeV."""

    density: Array
    variance: Array
    mean_pt: Array


def measured_plane(
    splittings: Splittings, subjet_pt: Array, weights: tuple[Array, Array] | None = None
) -> MeasuredPlane:
    """The Lund plane of a sample.

    Args:
        splittings: of all jets, (n,).
        subjet_pt: of all subjets, (n_subjets,), GeV; also of those without a splitting.
        weights: of the splittings and of the subjets, such as negative ones of a background to subtract.
    """
    of_splittings, of_subjets = weights or (np.ones(len(splittings.jet)), np.ones(len(subjet_pt)))
    where = np.stack([splittings.subjet_pt, splittings.log_inverse_angle, splittings.log_kt], axis=1)
    subjets = np.histogram(subjet_pt, EDGES[0], weights=of_subjets)[0]
    if not np.any(subjets > 0):
        raise MaplessError("there are no subjets above 10 GeV to measure a Lund plane with")
    filled = np.where(subjets > 0, subjets, np.inf)
    per_subjet = filled[:, None, None]
    mean_pt = np.histogram(subjet_pt, EDGES[0], weights=of_subjets * subjet_pt)[0] / filled
    return MeasuredPlane(
        np.histogramdd(where, EDGES, weights=of_splittings)[0] / per_subjet,
        np.histogramdd(where, EDGES, weights=of_splittings**2)[0] / per_subjet**2,
        np.where(subjets > 0, mean_pt, EDGES[0][:-1]),
    )


def measured_ratio(
    data: MeasuredPlane,
    simulation: MeasuredPlane,
    systematic: Array | None = None,
    bottom: tuple[MeasuredPlane, MeasuredPlane] | None = None,
) -> LundRatio:
    """The ratio of two planes, and for each of its bins a constant or a line in 1 / pt.

    Args:
        data, simulation: the planes.
        systematic: relative uncertainty of every bin, (n_pt, n_angle, n_kt); by default none.
        bottom: planes of bottom and of light subjets.
    """
    ratio, variance = _divided(data, simulation)
    relative = np.zeros_like(ratio) if systematic is None else systematic
    values = {"nominal": ratio, "up": ratio * (1 + relative), "down": ratio * np.maximum(0, 1 - relative)}
    fitted = {shift: _lines(1 / data.mean_pt, values[shift], variance) for shift in SHIFTS}
    return LundRatio(
        EDGES,
        values,
        np.sqrt(variance),
        {shift: coefficients for shift, (coefficients, _) in fitted.items()},
        fitted["nominal"][1],
        _divided(*bottom)[0] if bottom else np.ones_like(ratio),
    )


def _divided(above: MeasuredPlane, below: MeasuredPlane) -> tuple[Array, Array]:
    """Ratio and its variance, 0 where either plane is empty."""
    both = (above.density > 0) & (below.density > 0)
    one, other = np.where(both, above.density, 1.0), np.where(both, below.density, 1.0)
    relative = above.variance / one**2 + below.variance / other**2
    ratio = np.where(both, one / other, 0.0)
    return ratio, ratio**2 * relative


def _lines(inverse_pt: Array, values: Array, variance: Array) -> tuple[Array, Array]:
    """Constant, or line where it is clearly better, through the bins of pt: coefficients and covariances."""
    weight = np.divide(1.0, variance, out=np.zeros_like(variance), where=variance > 0)
    sums = [
        np.einsum("p,pak,pak->ak", inverse_pt**power, weight, values**n)
        for power, n in ((0, 0), (1, 0), (2, 0), (0, 1), (1, 1))
    ]
    s, sx, sxx, sy, sxy = sums
    measured = s > 0
    s = np.where(measured, s, 1.0)
    determinant = s * sxx - sx**2
    has_slope = measured & (np.count_nonzero(weight, axis=0) > 2) & (determinant > 1e-12 * s * sxx)  # noqa: PLR2004
    determinant = np.where(has_slope, determinant, 1.0)
    slope = (s * sxy - sx * sy) / determinant
    has_slope &= slope**2 * determinant / s > BETTER_SLOPE
    slope = np.where(has_slope, slope, 0.0)
    constant = np.where(measured, (sy - slope * sx) / s, 1.0)
    covariance = np.zeros((*slope.shape, 2, 2))
    covariance[..., 0, 0] = np.where(has_slope, sxx / determinant, np.where(measured, 1 / s, 0.0))
    covariance[..., 1, 1] = np.where(has_slope, s / determinant, 0.0)
    covariance[..., 0, 1] = covariance[..., 1, 0] = np.where(has_slope, -sx / determinant, 0.0)
    return np.stack([constant, slope], axis=-1), covariance
