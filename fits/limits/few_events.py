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

_NONE_SEEN, _ONE_SIDED = 3.0, 1.64  # events that are excluded where none is seen, and standard deviations
_STEPS = 20


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
    """Events of the background-only fit that blur the signal.

    Of n events of signal, with fractions s in the bins, one has a variance of 1 / sum(s^2 / (b + n s)), b + n
    for one bin. It is taken at about the n that the data exclude, so that neither tails of the signal beyond
    all background nor small clean categories count for more than they tell. For a Gaussian the background is
    that within 1.77 standard deviations. Raises FitFailedError.
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
    signal, without = signal[signal > 0], without[signal > 0]
    background = 0.0
    for _ in range(_STEPS):
        excluded = _NONE_SEEN + _ONE_SIDED * np.sqrt(background)
        background = max(float(1 / np.sum(signal**2 / (without + excluded * signal))) - excluded, 0.0)
    return background
