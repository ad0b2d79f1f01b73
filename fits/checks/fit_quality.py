"""Whether the fits behind a local significance describe the spectrum: no significance stands without it."""

from collections.abc import Iterable
from enum import StrEnum

from fits.checks.goodness_of_fit import GoodnessOfFit

# Below both, CMS EXO-22-026 (arXiv:2412.03747) takes a fit to fail and changes its range.
BACKGROUND_P_VALUE = 0.05
SIGNAL_P_VALUE = 0.01


class FitQuality(StrEnum):
    """How a background alone, and with a signal, describes a spectrum; from the best to the worst."""

    GOOD = "good"
    DOUBTFUL = "background alone fits badly"
    UNTESTED = "goodness not tested"
    BAD = "fit does not describe the data"


def fit_quality(background: GoodnessOfFit, with_signal: GoodnessOfFit) -> FitQuality:
    """What the goodness of two fits of one spectrum says about a significance that compares them.

    >>> from fits.checks.goodness_of_fit import GoodnessStatus
    >>> bad, good = (GoodnessOfFit(GoodnessStatus.GOOD, p_value=p) for p in (0.001, 0.4))
    >>> fit_quality(bad, bad).value, fit_quality(bad, good).value
    ('fit does not describe the data', 'background alone fits badly')
    """
    if background.p_value is None or with_signal.p_value is None:
        return FitQuality.UNTESTED
    if background.p_value >= BACKGROUND_P_VALUE:
        return FitQuality.GOOD
    return FitQuality.DOUBTFUL if with_signal.p_value >= SIGNAL_P_VALUE else FitQuality.BAD


def flag(quality: str | None) -> str:
    """What is written behind a significance: nothing where both fits are good.

    >>> flag("good"), flag("goodness not tested")
    ('', ', goodness not tested')
    """
    return "" if quality in (None, FitQuality.GOOD) else f", {quality}"


def worst(qualities: Iterable[FitQuality]) -> FitQuality:
    """That of several spectra together."""
    return max(qualities, key=list(FitQuality).index)
