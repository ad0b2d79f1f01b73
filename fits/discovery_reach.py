"""Discovery reach: the signal for which an expected significance of 3 or 5 standard deviations is reached."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import optimize

from errors import MaplessError
from fits.limits import LimitStatus
from fits.profile_likelihood import FitFailedError, ProfileLikelihood, converged

_PRECISION = 1e-4  # relative
_MAX_DOUBLINGS = 60


@dataclass(frozen=True)
class DiscoveryReach:
    """Values of the parameter of interest, one per significance; None unless the status is good.

    The parameter is what the likelihood makes it: events, or a cross section where the signal term has
    luminosity times efficiency as its `events`.
    """

    status: LimitStatus
    significances: tuple[float, ...]
    values: tuple[float, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return asdict(self) | {"status": str(self.status)}


def discovery_reach(
    profile: ProfileLikelihood, significances: Sequence[float] = (3.0, 5.0)
) -> DiscoveryReach:
    """Signals whose Asimov data have these significances; nuisances as fitted to the data without signal.

    A fit that fails leaves a status and no number. Raises MaplessError for significances that are not
    positive.
    """
    wanted = tuple(float(significance) for significance in significances)
    if not all(significance > 0 for significance in wanted):
        raise MaplessError(f"significances {wanted} must be positive; 3 and 5 are usual")
    try:
        null = converged(profile.fit({profile.parameter: 0.0})).parameters
        values = tuple(_reach(profile, null, significance) for significance in wanted)
    except FitFailedError:
        return DiscoveryReach(LimitStatus.FIT_FAILED, wanted)
    if not all(np.isfinite(values)):
        return DiscoveryReach(LimitStatus.NO_LIMIT, wanted)
    return DiscoveryReach(LimitStatus.GOOD, wanted, values)


def asimov_significance(profile: ProfileLikelihood, null: dict[str, float], value: float) -> float:
    """Square root of q0 of data exactly as expected for a signal, other parameters as in `null`.

    arXiv:1007.1727, section 4. Raises FitFailedError if the fit without signal fails.
    """
    asimov = profile.asimov({**null, profile.parameter: value})
    # With signal the data are described exactly: the likelihood is zero there.
    return float(np.sqrt(2 * converged(asimov.fit({profile.parameter: 0.0}, null)).nll))


def _reach(profile: ProfileLikelihood, null: dict[str, float], significance: float) -> float:
    """Value with this Asimov significance, infinite if there is none."""

    def missing(value: float) -> float:
        return significance - asimov_significance(profile, null, value) if value > 0 else significance

    high = 1.0
    while missing(high) > 0:
        high *= 2
        if high > 2.0**_MAX_DOUBLINGS:
            return np.inf
    return float(optimize.brentq(missing, 0.0, high, rtol=_PRECISION, xtol=_PRECISION * high * 1e-6))
