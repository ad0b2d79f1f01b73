"""Global significance of the largest excess among many mass hypotheses, spectra or selections.

Two ways that check each other: toys whose largest local significance is compared with the observed one, with
the background of every toy fitted again; and the formula of Gross and Vitells, Eur. Phys. J. C 70 (2010) 525
(arXiv:1005.1891), that extrapolates from how often the significance climbs above a low level.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from errors import MaplessError
from fits.fit import SpectrumFit
from fits.many_fits import fit_many_signals
from fits.parallel import in_parallel
from fits.signals import SignalShape
from fits.significance.tested import Tested
from fits.spectrum import FloatArray
from fits.toys import LARGEST_FAILED_FRACTION, poisson_toys, probability_interval

_BATCH = 100  # toys that one process fits at a time


class GlobalStatus(StrEnum):
    """Whether a global p-value may be used."""

    GOOD = "good"
    FIT_FAILED = "fit_failed"  # a fit of the data
    TOO_MANY_FAILED_TOYS = "too_many_failed_toys"


@dataclass(frozen=True, eq=False)
class SpectrumSearch:
    """A spectrum with its background-only fit, and the signals looked for in it, in order of mass."""

    null: SpectrumFit
    signals: tuple[SignalShape, ...]

    @property
    def counts(self) -> FloatArray:
        """Observed counts (n_bins,)."""
        return self.null.spectrum.counts

    @property
    def hypotheses(self) -> tuple[float, ...]:
        """Where each signal peaks in GeV."""
        return tuple(shape.mean for shape in self.signals)

    def expected(self) -> FloatArray:
        """Background-only expectation (n_bins,), which toys fluctuate about."""
        return self.null.expected_background()

    def significances(self, counts: npt.ArrayLike) -> FloatArray:
        """Signed local significances (n_spectra, n_signals) of counts (n_spectra, n_bins), NaN if failed."""
        many = fit_many_signals(self.null, counts, self.signals)
        return np.where(many.spectra_converged[:, None], many.signed_significances, np.nan)


@dataclass(frozen=True, eq=False)
class GlobalSignificance:
    """Probability that background alone gives a local significance as large as observed anywhere.

    `p_value` is the fraction of toys, with its 68 % interval; `upcrossings_p_value` that of the formula, for
    which no toy needs to reach the observed value, from the mean number of upcrossings in each spectrum. None
    unless the status is good. `toy_maxima` are the largest local significances of the toys that did not fail.
    """

    status: GlobalStatus
    n_toys: int
    n_failed: int
    local_significance: float | None = None
    p_value: float | None = None
    interval: tuple[float, float] | None = None
    upcrossings_p_value: float | None = None
    upcrossing_rates: tuple[float, ...] | None = None
    toy_maxima: FloatArray | None = field(default=None, repr=False)

    @property
    def extrapolated(self) -> bool:
        """Whether no toy reaches the observed value, so that the formula gives the significance."""
        return self.p_value == 0

    @property
    def significance(self) -> float | None:
        """Global significance, by the formula where no toy reaches the observed value.

        None where it is not finite, as for a p-value of one.
        """
        p_value = self.p_value or self.upcrossings_p_value
        return float(stats.norm.isf(p_value)) if p_value and p_value < 1 else None

    @property
    def trial_factor(self) -> float | None:
        """Global over local p-value, None where the latter is too small for a number."""
        p_value = self.p_value or self.upcrossings_p_value
        if p_value is None or self.local_significance is None:
            return None
        local = float(stats.norm.sf(self.local_significance))
        return float(p_value / local) if local else None

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON; `extrapolated` says that the significance is that of the formula."""
        numbers = asdict(replace(self, toy_maxima=None))
        del numbers["toy_maxima"]
        derived = {"significance": self.significance, "trial_factor": self.trial_factor}
        return numbers | {"status": str(self.status), "extrapolated": self.extrapolated} | derived


def global_significance(
    searches: Sequence[Tested],
    n_toys: int,
    rng: np.random.Generator,
    *,
    toys: Sequence[npt.ArrayLike] | None = None,
    level: float = 0.7,
    workers: int = 1,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> GlobalSignificance:
    """Global significance of the largest excess in all searches together, with one common trial factor.

    Categories with a common signal are one search (`fits.significance.category_search`).

    Toys fluctuate about each background-only fit, independently for every spectrum. For spectra that share
    events give `toys`, one array (n_toys, n_bins) per search, from `fits.significance.raked_toys`; the
    formula, which speaks where no toy reaches the observed value, takes spectra as independent in any case.
    `level` is the local significance whose upcrossings are counted. Toys with a failed fit are left out and
    counted; above 1 % there is no result. Batches of toys are fitted by `workers` processes, whose number
    changes nothing else; `report(done, total)` hears of each batch. Raises MaplessError if there are no toys.
    """
    _check(searches, n_toys)
    observed = np.concatenate([search.significances([search.counts]) for search in searches], 1)
    if toys is None:
        toys = [poisson_toys(search.expected(), n_toys, rng) for search in searches]
    tried = _fitted(searches, toys, workers, report)
    good = np.all(np.isfinite(np.concatenate(tried, axis=1)), axis=1)
    n_failed = int(np.count_nonzero(~good))
    status = global_status(bool(np.all(np.isfinite(observed))), n_failed, len(good))
    if status != GlobalStatus.GOOD:
        return GlobalSignificance(status, len(good), n_failed)
    largest = max(float(observed.max()), 0.0)
    maxima = np.maximum(np.concatenate(tried, axis=1)[good].max(axis=1), 0.0)
    n_above = int(np.count_nonzero(maxima >= largest))
    rates = tuple(float(upcrossings(found[good], level).mean()) for found in tried)
    return GlobalSignificance(
        status,
        len(good),
        n_failed,
        largest,
        n_above / len(maxima),
        probability_interval(n_above, len(maxima)),
        upcrossings_p_value(largest, rates, level),
        rates,
        maxima,
    )


def upcrossings(significances: npt.ArrayLike, level: float) -> npt.NDArray[np.intp]:
    """How often signed significances (n_spectra, n_masses) climb above a level along the mass, (n_spectra,).

    >>> upcrossings([[0.0, 1.0, 0.2, 2.0], [1.0, 0.9, 0.0, -3.0]], level=0.5).tolist()
    [2, 0]
    """
    above = np.asarray(significances) > level
    return np.count_nonzero(~above[:, :-1] & above[:, 1:], axis=1)


def upcrossings_p_value(significance: float, rates: Sequence[float], level: float) -> float:
    """Global p-value of a local significance from mean numbers of upcrossings of a level, one per spectrum.

    Equation 3 of arXiv:1005.1891 for excesses only: p = p_local + rate exp((level^2 - significance^2) / 2);
    of several spectra each has this chance.

    >>> round(upcrossings_p_value(3.0, [2.0], level=1.0), 4)
    0.038
    """
    each = stats.norm.sf(significance) + np.array(rates) * np.exp(0.5 * (level**2 - significance**2))
    return float(-np.expm1(np.sum(np.log1p(-np.clip(each, 0.0, 1 - 1e-9)))))


def global_status(observed: bool, n_failed: int, n_toys: int) -> GlobalStatus:
    """Whether the fits of the data (`observed`) and those of 99 % of the toys are good."""
    if not observed:
        return GlobalStatus.FIT_FAILED
    too_many = n_failed > LARGEST_FAILED_FRACTION * n_toys
    return GlobalStatus.TOO_MANY_FAILED_TOYS if too_many else GlobalStatus.GOOD


def _fitted(
    searches: Sequence[Tested],
    toys: Sequence[npt.ArrayLike],
    workers: int,
    report: Callable[[int, int], None],
) -> list[FloatArray]:
    """Significances (n_toys, n_hypotheses) of each search, in batches of the same size for any workers."""
    counts = [np.asarray(one, dtype=float) for one in toys]
    batches = [
        (search, own[first : first + _BATCH])
        for search, own in zip(searches, counts, strict=True)
        for first in range(0, len(own), _BATCH)
    ]
    found = iter(in_parallel(_significances, batches, workers, report))
    return [np.concatenate([next(found) for _ in range(0, len(own), _BATCH)]) for own in counts]


def _significances(batch: tuple[Tested, FloatArray]) -> FloatArray:
    search, counts = batch
    return search.significances(counts)


def _check(searches: Sequence[Tested], n_toys: int) -> None:
    if n_toys < 1:
        raise MaplessError(f"{n_toys} toys cannot give a global p-value; ask for 1000 or more")
    if not searches or not all(search.hypotheses for search in searches):
        raise MaplessError("a global significance needs at least one signal in each of at least one spectrum")
