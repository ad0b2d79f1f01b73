"""The mass of an excess with its error: where the likelihood of background and signal is largest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fits.likelihood.profile import ProfileLikelihood


@dataclass(frozen=True)
class FittedMass:
    """A resonance fitted to a spectrum with its mass free (GeV), one standard deviation up and down.

    `signal_yield` counts its events there. An error is None where the likelihood does not fall enough within
    the masses that were tried.
    """

    mass: float
    error_low: float | None
    error_high: float | None
    signal_yield: float
    signal_yield_error: float | None


def fitted_mass(
    profile_at: Callable[[float], ProfileLikelihood], masses: Sequence[float]
) -> FittedMass | None:
    """Fit a signal at each of the masses (GeV, rising) and tell where it fits best, and within what errors.

    Errors are where twice the log-likelihood is one below its maximum, between masses by interpolation. None
    if no fit converged, or none has a signal above zero.
    """
    profiles = [profile_at(mass).without_deficits() for mass in masses]
    fits = [profile.fit() for profile in profiles]
    good = [place for place, fit in enumerate(fits) if fit.converged]
    if not good:
        return None
    best = min(good, key=lambda place: fits[place].nll)
    parameter = profiles[best].parameter
    signal_yield = fits[best].parameters[parameter]
    if not signal_yield > 0:
        return None
    tried = np.array([masses[place] for place in good])
    twice = 2 * np.array([fits[place].nll - fits[best].nll for place in good])
    mass = float(masses[best])
    below, above = tried <= mass, tried >= mass
    low = _crossing(tried[below][::-1], twice[below][::-1])
    high = _crossing(tried[above], twice[above])
    error = fits[best].errors[parameter] or None
    return FittedMass(
        mass,
        None if low is None else mass - low,
        None if high is None else high - mass,
        signal_yield,
        error,
    )


def _crossing(masses: np.ndarray, twice: np.ndarray) -> float | None:
    """Where a rise from zero first reaches one, going away from the best mass."""
    beyond = np.flatnonzero(twice >= 1)
    if not len(beyond):
        return None
    outer = int(beyond[0])
    inner = outer - 1
    share = (1 - twice[inner]) / (twice[outer] - twice[inner])
    return float(masses[inner] + share * (masses[outer] - masses[inner]))
