"""Averaged Poisson tails against integrals of others."""

import numpy as np
import pytest
from scipy import integrate, special, stats

from fits.region_scan.averaged_tail import Prior, averaged_tail

POINTS = [
    *((count, mean, mean * relative) for count in (1, 4) for mean in (0.02, 0.9) for relative in (0.1, 1.0)),
    *((count, 40.0, 40 * relative) for count in (12, 41, 90) for relative in (0.02, 0.2, 1.0)),
    *((count, 1e4, 1e4 * relative) for count in (9700, 10_400) for relative in (0.001, 0.05)),
]


def direct(count: float, mean: float, error: float, prior: Prior) -> float:
    """Over the prior itself, with the tails of scipy.stats."""
    width = np.log1p(error / mean)
    distribution = (
        stats.truncnorm(-mean / error, np.inf, mean, error)
        if prior == "gaussian"
        else stats.lognorm(width, scale=mean)
    )

    def integrand(expectation: float) -> float:
        tail = (
            stats.poisson.sf(count - 1, expectation)
            if count >= mean
            else stats.poisson.cdf(count, expectation)
        )
        return float(tail * distribution.pdf(expectation))

    ends = distribution.ppf([1e-14, 0.1, 0.9, 1 - 1e-14])
    middle = np.clip([count - 4 * np.sqrt(count), count, count + 4 * np.sqrt(count)], ends[0], ends[-1])
    places = np.unique([*ends, *middle])
    return sum(
        integrate.quad(integrand, low, high, epsabs=0, epsrel=1e-9, limit=200)[0]
        for low, high in zip(places[:-1], places[1:], strict=True)
    )


@pytest.mark.parametrize("prior", ["gaussian", "log-normal"])
def test_tails_are_those_of_an_integral_over_the_prior(prior: Prior) -> None:
    for count, mean, error in POINTS:
        assert averaged_tail(count, mean, error, prior) == pytest.approx(
            direct(count, mean, error, prior), rel=1e-6
        ), (count, mean, error)


@pytest.mark.parametrize("prior", ["gaussian", "log-normal"])
def test_tails_are_those_of_mpmath(prior: Prior) -> None:
    mp = pytest.importorskip("mpmath")
    mp.mp.dps = 20
    for count, mean, error in POINTS[::4]:
        middle, spread = (mean, error) if prior == "gaussian" else (mp.log(mean), mp.log1p(error / mean))

        def integrand(x, count=count, mean=mean, middle=middle, spread=spread):  # noqa: ANN001, ANN202
            lam = x if prior == "gaussian" else mp.exp(x)
            tail = mp.gammainc(count, 0, lam, regularized=True) if count >= mean else 0
            tail = tail or mp.gammainc(count + 1, lam, mp.inf, regularized=True)
            return mp.npdf(x, middle, spread) * tail

        places = {middle + n * spread for n in (-10, -5, -2, 0, 2, 5, 10)}
        total = 1
        if prior == "gaussian":
            total = mp.ncdf(mean / error)
            places = {max(place, 0) for place in places}
            places |= {max(0, count + n * mp.sqrt(count)) for n in (-6, -2, 0, 2, 6)}
        exact = mp.quad(integrand, sorted(places)) / total
        assert averaged_tail(count, mean, error, prior) == pytest.approx(float(exact), rel=1e-6)


def test_without_an_error_tails_are_those_of_poisson() -> None:
    assert averaged_tail([5, 1], 2.5, 0.0) == pytest.approx(
        [special.gammainc(5, 2.5), stats.poisson.cdf(1, 2.5)]
    )


def test_an_error_makes_an_excess_less_significant() -> None:
    p_values = averaged_tail(30, 10.0, [0.0, 1.0, 3.0, 10.0])
    assert np.all(np.diff(p_values) > 0)
