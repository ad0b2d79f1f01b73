"""Poisson tails averaged over what is not known about the expectation.

With a density g of the expectation the probability of n events or more is the integral of g(x) P(n, x), where
P is the regularised gamma function. By parts it is that of the density of a gamma distribution of n and of
the probability that the expectation is larger. Whichever density is the narrower is integrated, so that the
other factor is smooth on its nodes. Source: CMS, arXiv:2010.02984.
"""

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from fits.spectrum import FloatArray

Prior = Literal["gaussian", "log-normal"]
"""Of the expectation: a Gaussian without its negative part, or a log-normal of width ln(1 + error / mean)."""

_GAUSSIAN_NODES, _LOG_NODES = 64, 192
_WIDTHS = 8.5  # of a density from its middle to where nothing is left of it
_GAMMA_TAIL = 20.0  # beyond that, what gamma distributions of small numbers have more of than Gaussians


class _Tails(NamedTuple):
    """Tails to be averaged, (n,) each: of `shape` events or more (`many`), or of fewer."""

    shape: FloatArray
    mean: FloatArray
    width: FloatArray
    many: npt.NDArray[np.bool_]

    def where(self, mask: npt.NDArray[np.bool_]) -> "_Tails":
        return _Tails(self.shape[mask], self.mean[mask], self.width[mask], self.many[mask])


def averaged_tail(
    observed: npt.ArrayLike, expected: npt.ArrayLike, error: npt.ArrayLike, prior: Prior = "gaussian"
) -> FloatArray:
    """Probability of as many events or more, or where fewer than expected were observed, of as few or fewer.

    `expected` must be above 0, `error` is its total uncertainty; all broadcast. Exact to 1e-6 down to 1e-9.

    >>> averaged_tail([3, 0], 1.0, [0.0, 0.5]).round(4).tolist()
    [0.0803, 0.3981]
    """
    counts, mean, width = (np.asarray(values, float) for values in (observed, expected, error))
    counts, mean, width = np.broadcast_arrays(counts, mean, width)
    many = counts >= mean
    shape = np.where(many, counts, counts + 1)
    tails = _Tails(shape.ravel(), mean.ravel(), width.ravel(), many.ravel())
    p_values = np.ones(tails.shape.shape)
    there = tails.shape > 0  # none or more are always there
    known = there & (tails.width <= 1e-9 * tails.mean)
    p_values[known] = _given(tails.where(known), tails.mean[known])
    for narrow, integrate in _BRANCHES[prior]:
        chosen = there & ~known & (narrow(tails))
        p_values[chosen] = integrate(tails.where(chosen))
    return np.minimum(p_values, 1).reshape(counts.shape)


def _given(tails: _Tails, expectation: FloatArray) -> FloatArray:
    """The tails (n,) or (n, 1) where the expectation is known."""
    more = special.gammainc(tails.shape, expectation)
    return np.where(tails.many, more, special.gammaincc(tails.shape, expectation))


def _columns(tails: _Tails) -> _Tails:
    return _Tails(tails.shape[:, None], tails.mean[:, None], tails.width[:, None], tails.many[:, None])


def _nodes(low: FloatArray, high: FloatArray, number: int) -> tuple[FloatArray, FloatArray]:
    """Nodes (n, number) of Gauss and Legendre between the ends (n,), and their weights."""
    places, weights = special.roots_legendre(number)
    half = (high - low)[:, None] / 2
    return low[:, None] + half * (1 + places), half * weights


def _middle(tails: _Tails) -> tuple[FloatArray, FloatArray]:
    """Where the product of both factors peaks if they are Gaussian, and how wide it is."""
    variance, counts = tails.width**2, tails.shape
    return (tails.mean * counts + counts * variance) / (variance + counts), np.sqrt(
        variance * counts / (variance + counts)
    )


def _over_gaussian(tails: _Tails) -> FloatArray:
    """By the density of a Gaussian that is narrower than the gamma distribution."""
    peak, own = _middle(tails)
    reach, around = _WIDTHS * tails.width, _WIDTHS * own
    low = np.where(tails.many, peak - around, np.minimum(peak - around, tails.mean - reach))
    high = np.where(tails.many, np.maximum(peak + around, tails.mean + reach), peak + around)
    x, weights = _nodes(np.maximum(low, 0), high, _GAUSSIAN_NODES)
    each = _columns(tails)
    density = np.exp(-0.5 * ((x - each.mean) / each.width) ** 2) / (np.sqrt(2 * np.pi) * each.width)
    total = special.ndtr(tails.mean / tails.width)
    return np.sum(weights * density * _given(each, x), axis=1) / total


def _over_gamma(tails: _Tails) -> FloatArray:
    """By the density of a gamma distribution that is narrower than the Gaussian."""
    peak, own = _middle(tails)
    counts = tails.shape
    reach, around = _WIDTHS * np.sqrt(counts), _WIDTHS * own
    low = np.where(tails.many, np.minimum(peak - around, counts - reach), peak - around)
    high = np.where(tails.many, peak + around, np.maximum(peak + around, counts + reach)) + _GAMMA_TAIL
    x, weights = _nodes(np.maximum(low, 0), high, _GAUSSIAN_NODES)
    each = _columns(tails)
    density = np.exp(special.xlogy(each.shape - 1, x) - x - special.gammaln(each.shape))
    above = special.ndtr((each.mean - x) / each.width)
    below = special.ndtr((x - each.mean) / each.width) - special.ndtr(-each.mean / each.width)
    total = special.ndtr(tails.mean / tails.width)
    return np.sum(weights * density * np.where(each.many, above, below), axis=1) / total


def _log_width(tails: _Tails) -> FloatArray:
    return np.log1p(tails.width / tails.mean)


def _over_log_normal(tails: _Tails) -> FloatArray:
    """By the density of a log-normal that is narrower than the gamma distribution."""
    width = _log_width(tails)
    t, weights = _nodes(np.full_like(width, -1.5 * _WIDTHS), np.full_like(width, 1.5 * _WIDTHS), _LOG_NODES)
    expectation = tails.mean[:, None] * np.exp(width[:, None] * t)
    density = np.exp(-0.5 * t**2) / np.sqrt(2 * np.pi)
    return np.sum(weights * density * _given(_columns(tails), expectation), axis=1)


def _over_log_gamma(tails: _Tails) -> FloatArray:
    """By the density of a gamma distribution in the logarithm, narrower than the log-normal."""
    width, counts = _log_width(tails), tails.shape
    high = np.log(counts + _WIDTHS * np.sqrt(counts) + _GAMMA_TAIL)
    few = counts - _WIDTHS * np.sqrt(counts)
    peak = np.minimum(np.log(tails.mean) + counts * width**2, np.log(counts))
    low = np.where(few > 0, np.log(np.maximum(few, 1e-300)), peak - 30 / counts - _WIDTHS / np.sqrt(counts))
    u, weights = _nodes(low, high, _LOG_NODES)
    each = _columns(tails)
    density = np.exp(each.shape * u - np.exp(u) - special.gammaln(each.shape))
    distance = (np.log(each.mean) - u) / width[:, None]
    return np.sum(weights * density * special.ndtr(np.where(each.many, distance, -distance)), axis=1)


_BRANCHES = {
    "gaussian": (
        (lambda tails: tails.width**2 <= tails.shape, _over_gaussian),
        (lambda tails: tails.width**2 > tails.shape, _over_gamma),
    ),
    "log-normal": (
        (lambda tails: _log_width(tails) ** 2 * tails.shape <= 1, _over_log_normal),
        (lambda tails: _log_width(tails) ** 2 * tails.shape > 1, _over_log_gamma),
    ),
}
"""By prior which density is the narrower, and the integral over it."""
