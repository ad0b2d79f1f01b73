"""Discovery reach: the signal for which an expected significance of 3 or 5 standard deviations is reached."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy import optimize

from errors import MaplessError
from fits.likelihood.profile import FitFailedError, ProfileLikelihood, converged
from fits.limits.asymptotic import LimitStatus
from fits.significance.asymptotic import expected_significance

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
        values = tuple(_reach(replace(profile, start=null), significance) for significance in wanted)
    except FitFailedError:
        return DiscoveryReach(LimitStatus.FIT_FAILED, wanted)
    if not all(np.isfinite(values)):
        return DiscoveryReach(LimitStatus.NO_LIMIT, wanted)
    return DiscoveryReach(LimitStatus.GOOD, wanted, values)


def _reach(profile: ProfileLikelihood, wanted: float) -> float:
    """Value with this significance in Asimov data, infinite if there is none."""

    def missing(value: float) -> float:
        found = expected_significance(profile, value, fitted_nuisances=False).significance
        if found is None:
            raise FitFailedError
        return wanted - found

    high = 1.0
    while missing(high) > 0:
        high *= 2
        if high > 2.0**_MAX_DOUBLINGS:
            return np.inf
    return float(optimize.brentq(missing, 0.0, high, rtol=_PRECISION, xtol=1e-9 * high))
