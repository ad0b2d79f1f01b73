"""Which background a spectrum needs: the F-test of CMS, or the first of several forms that fits, as in ATLAS.

Sources: CMS EXO-22-026 (arXiv:2412.03747); ATLAS weakly supervised dijet search (arXiv:2005.02983).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scipy import stats

from errors import MaplessError
from fits.backgrounds import AtlasDijet, AtlasUA2, Dijet, LogLinearBackground
from fits.checks.goodness_of_fit import GoodnessOfFit, chi_square_of_fit
from fits.fit import SpectrumFit, fit_background
from fits.likelihood.minimise import Confirmation
from fits.spectrum import Spectrum

DIJET_FAMILY = (Dijet(2), Dijet(3), Dijet(4))
_EXACT = 1e-6  # probability of a chi-square this small, below which data do not fluctuate
ATLAS_FORMS = (AtlasDijet(2), AtlasDijet(3), AtlasUA2())


@dataclass(frozen=True, eq=False)
class Trial:
    """One background that was tried, its F-test against the one accepted before, and the verdict in words."""

    fit: SpectrumFit
    goodness: GoodnessOfFit
    verdict: str
    accepted: bool
    f_test_p_value: float | None = None
    relative_error: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return {
            "background": self.fit.background.name,
            "status": str(self.fit.status),
            "goodness": self.goodness.to_json(),
            "f_test_p_value": self.f_test_p_value,
            "relative_error": self.relative_error,
            "verdict": self.verdict,
            "accepted": self.accepted,
        }


@dataclass(frozen=True, eq=False)
class BackgroundChoice:
    """The chosen background with its fit, and everything that was tried."""

    fit: SpectrumFit
    goodness: GoodnessOfFit
    trials: tuple[Trial, ...] = field(repr=False)

    @property
    def background(self) -> LogLinearBackground:
        """The chosen background."""
        return self.fit.background

    @property
    def status(self) -> str:
        """How the fit of the chosen background ended."""
        return self.fit.status

    @property
    def converged(self) -> bool:
        """Whether the chosen fit may be used."""
        return self.fit.converged

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return {
            "background": self.background.name,
            "fit": self.fit.result.to_json(),
            "goodness": self.goodness.to_json(),
            "trials": [trial.to_json() for trial in self.trials],
        }


def choose_background(
    spectrum: Spectrum,
    signal_mass: float | None = None,
    *,
    family: Sequence[LogLinearBackground] = DIJET_FAMILY,
    threshold: float = 0.1,
    largest_relative_error: float = 0.15,
    confirmation: Confirmation = "migrad",
) -> BackgroundChoice:
    """Go through nested backgrounds, simplest first, and take a larger one only if it is needed.

    A larger one is taken if the F-test of the two chi-squares gives p < `threshold`, and if its relative
    error at `signal_mass` (GeV, if given) stays below `largest_relative_error` or below that of the smaller
    one. The defaults are those with which CMS produced its results. Raises MaplessError for a family that
    does not grow, for impossible thresholds, and if no fit converges.
    """
    _check(family, threshold, largest_relative_error)
    best: Trial | None = None
    trials = []
    for background in family:
        fit = fit_background(spectrum, background, confirmation=confirmation)
        trial = _judge(fit, best, signal_mass, threshold, largest_relative_error)
        trials.append(trial)
        best = trial if trial.accepted else best
    if best is None:
        ends = ", ".join(f"{trial.fit.background.name}: {trial.fit.status}" for trial in trials)
        raise MaplessError(f"no background fit converged ({ends}); try another mass range")
    return BackgroundChoice(best.fit, best.goodness, tuple(trials))


def choose_first_good(
    spectrum: Spectrum,
    forms: Sequence[LogLinearBackground] = ATLAS_FORMS,
    *,
    smallest_p_value: float = 0.05,
    confirmation: Confirmation = "migrad",
) -> BackgroundChoice:
    """The first of several forms, in the given order, whose chi-square p-value exceeds `smallest_p_value`.

    Raises MaplessError if none does; ATLAS then shortens the mass range (see
    `fits.background_choice.range_choice`).
    """
    trials = []
    for background in forms:
        fit = fit_background(spectrum, background, confirmation=confirmation)
        goodness = chi_square_of_fit(fit)
        good = (goodness.p_value or 0.0) > smallest_p_value
        trials.append(Trial(fit, goodness, "good" if good else "does not fit", accepted=good))
        if good:
            return BackgroundChoice(fit, goodness, tuple(trials))
    tried = ", ".join(
        f"{trial.fit.background.name}: p = {trial.goodness.p_value or 0:.2g}" for trial in trials
    )
    raise MaplessError(f"no background fits the spectrum ({tried}); try another form or a shorter range")


def f_test(smaller: GoodnessOfFit, larger: GoodnessOfFit) -> float | None:
    """Probability to improve chi-square at least this much if the smaller model is true; None without tests.

    Data that the larger model describes better than fluctuations allow, as Asimov data, are compared with the
    chi-square that fluctuations would give: what is left of theirs is rounding.

    >>> from fits.checks.goodness_of_fit import GoodnessStatus
    >>> good = GoodnessStatus.GOOD
    >>> round(f_test(GoodnessOfFit(good, 30.0, 21, 0.09), GoodnessOfFit(good, 20.0, 20, 0.46)), 4)
    0.0049
    """
    if smaller.statistic is None or larger.statistic is None:
        return None
    added = (smaller.n_degrees_of_freedom or 0) - (larger.n_degrees_of_freedom or 0)
    remaining = larger.n_degrees_of_freedom or 0
    exact = stats.chi2.cdf(larger.statistic, remaining) < _EXACT
    ratio = (smaller.statistic - larger.statistic) / added / (1 if exact else larger.statistic / remaining)
    return float(stats.f.sf(max(ratio, 0.0), added, remaining))


def _check(family: Sequence[LogLinearBackground], threshold: float, largest_relative_error: float) -> None:
    sizes = [len(background.parameters) for background in family]
    if not sizes or sizes != sorted(set(sizes)):
        raise MaplessError(f"backgrounds of an F-test need growing numbers of parameters, not {sizes}")
    if not (0 <= threshold <= 1 and largest_relative_error > 0):
        raise MaplessError(
            f"F-test threshold {threshold:g} and largest relative error {largest_relative_error:g}: give one "
            "between 0 and 1 and one above 0"
        )


def _judge(
    fit: SpectrumFit,
    best: Trial | None,
    signal_mass: float | None,
    threshold: float,
    largest_relative_error: float,
) -> Trial:
    goodness = chi_square_of_fit(fit)
    if not fit.converged:
        return Trial(fit, goodness, "its fit failed", accepted=False)
    error = None if signal_mass is None else float(fit.relative_background_error(signal_mass))
    if best is None:
        return Trial(fit, goodness, "simplest", accepted=True, relative_error=error)
    p_value = f_test(best.goodness, goodness)
    if p_value is None:
        return Trial(fit, goodness, "no F-test: too few bins", False, None, error)
    if p_value >= threshold:
        return Trial(fit, goodness, "not needed", False, p_value, error)
    if error is not None and error > max(largest_relative_error, best.relative_error or 0.0):
        return Trial(fit, goodness, "too uncertain at the signal mass", False, p_value, error)
    return Trial(fit, goodness, "needed", True, p_value, error)
