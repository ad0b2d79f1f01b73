"""Bias of the signal yield when the background is not the function that is fitted.

Toys of other functions with injected signals are fitted with the nominal one, as in CMS EXO-22-026
(arXiv:2412.03747): the mean pull shows the bias, in units of the statistical error. This is the error of the
likelihood profile towards the injected yield: with few events under the peak, symmetric errors of downward
fluctuations are too small and would show a bias that is none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from errors import MaplessError
from fits.fit import SpectrumFit, signal_term
from fits.many_fits import fit_many_signals
from fits.many_profile_errors import profile_errors
from fits.signals import SignalShape
from fits.toys import LARGEST_FAILED_FRACTION, poisson_toys

if TYPE_CHECKING:
    pass

_FEWEST = 2  # pulls with a width


@dataclass(frozen=True)
class BiasPoint:
    """Pulls (fitted - injected) / error of the signal yield for one truth and one injected yield.

    Toys with a failed fit, and those at the lower bound of the yield, which have no error, are left out and
    counted. Pulls are None where more than 1 % of the fits failed, or where no toy has one.
    """

    truth: str
    injected: float
    n_toys: int
    n_failed: int
    n_at_bound: int
    pull_mean: float | None = None
    pull_mean_error: float | None = None
    pull_width: float | None = None
    pull_median: float | None = None


@dataclass(frozen=True, eq=False)
class BiasTest:
    """All truths and injected yields."""

    points: tuple[BiasPoint, ...]

    @property
    def largest_bias(self) -> float | None:
        """The mean pull that is furthest from zero; None if there is none at some point."""
        means = [point.pull_mean for point in self.points]
        known = [mean for mean in means if mean is not None]
        return max(known, key=abs) if len(known) == len(means) else None

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return {"largest_bias": self.largest_bias, "points": [asdict(point) for point in self.points]}


def bias_test(
    nominal: SpectrumFit,
    truths: Mapping[str, npt.ArrayLike],
    signal: SignalShape,
    injected: Sequence[float],
    n_toys: int,
    rng: np.random.Generator,
) -> BiasTest:
    """Pulls of the signal yield in toys of other backgrounds.

    `nominal` is a background-only fit, `truths` are expected background events (n_bins,) by name, such as
    `{fit.background.name: fit.expected_background()}` of fits of other functions to the same spectrum;
    `injected` yields count events inside the range: 0, 1.5 and 4 expected limits are usual. Raises
    MaplessError for truths in other bins and for fewer than 2 toys.
    """
    if n_toys < _FEWEST:
        raise MaplessError(f"{n_toys} toys have no width of pulls; ask for 200 or more")
    peak = signal_term(nominal.spectrum, signal).expected(np.ones(1))
    points = []
    for name, truth in truths.items():
        background = np.asarray(truth, dtype=float)
        if background.shape != peak.shape:
            raise MaplessError(
                f"{background.size} events of {name} for {len(peak)} bins; use those of the fit"
            )
        for signal_yield in injected:
            toys = poisson_toys(np.maximum(background + signal_yield * peak, 0), n_toys, rng)
            points.append(_point(name, float(signal_yield), nominal, toys, signal))
    return BiasTest(tuple(points))


def _point(
    truth: str, injected: float, nominal: SpectrumFit, toys: npt.ArrayLike, signal: SignalShape
) -> BiasPoint:
    many = fit_many_signals(nominal, toys, [signal])
    n_toys, n_failed = len(many.converged), int(np.count_nonzero(~many.converged))
    numbers = truth, injected, n_toys, n_failed, int(np.count_nonzero(many.at_bound))
    distances = injected - many.signal_yields[:, 0]
    pulls = -distances / profile_errors(nominal, toys, signal, many, np.sign(distances))
    pulls = pulls[np.isfinite(pulls)]
    if n_failed > LARGEST_FAILED_FRACTION * n_toys or len(pulls) < _FEWEST:
        return BiasPoint(*numbers)
    width = float(pulls.std(ddof=1))
    return BiasPoint(*numbers, float(pulls.mean()), width / len(pulls) ** 0.5, width, float(np.median(pulls)))
