"""Upper limits by the method that holds: asymptotic formulae, or toys where few events lie under the peak.

With no event near the mass the formulae give limits of two events and less, where three are right. From three
background events under the peak on they agree with toys within 10 % (`tests/fits/limits/test_few_events.py`).
"""

from dataclasses import replace

import numpy as np

from fits.likelihood.profile import FitFailedError, ProfileLikelihood, converged
from fits.limits.asymptotic import LimitStatus, UpperLimit, upper_limit
from fits.limits.toy_limits import toy_upper_limit

FEW = 3.0
"""Background events under the peak, below which limits are those of toys."""


def suited_upper_limit(
    profile: ProfileLikelihood, n_toys: int, rng: np.random.Generator, *, confidence_level: float = 0.95
) -> UpperLimit:
    """CLs limits: from `n_toys` toys where fewer than `FEW` background events are expected under the peak.

    Zero toys are asymptotic formulae everywhere. The limit says what was done.
    """
    try:
        background = background_under_peak(profile)
    except FitFailedError:
        return UpperLimit(LimitStatus.FIT_FAILED, confidence_level)
    if background >= FEW or not n_toys:
        limit = upper_limit(profile, confidence_level=confidence_level)
        return replace(limit, background_under_peak=background)
    found = toy_upper_limit(profile, n_toys, rng, confidence_level=confidence_level)
    return UpperLimit(
        found.status,
        confidence_level,
        found.observed,
        found.expected and tuple(sorted(found.expected)),  # their statistical errors may swap them
        background,
        n_toys,
        found.observed_error,
    )


def background_under_peak(profile: ProfileLikelihood) -> float:
    """Events of the background-only fit that blur the signal: 1 / sum(s^2 / b) for a signal s of one event.

    For a Gaussian they are those within 1.77 standard deviations; categories and bins count as far as they
    tell signal from background. Raises FitFailedError.
    """
    null = converged(profile.fit({profile.parameter: 0.0}, confirmation="none"))
    likelihood = profile.likelihood
    without, with_one = (
        np.concatenate(
            likelihood.expected(likelihood.internal({**null.parameters, profile.parameter: value}))
        )
        for value in (0.0, 1.0)
    )
    signal = (with_one - without) / np.sum(with_one - without)
    there = signal > 0
    with np.errstate(divide="ignore"):
        return float(1 / np.sum(signal[there] ** 2 / without[there]))
