"""Mass range of a background fit: narrowed step by step until the fit is good, as in CMS EXO-22-026.

Source: CMS EXO-22-026 (arXiv:2412.03747) and its public fit code. A narrower range is tried if neither the
background-only nor the signal-plus-background fit describes the spectrum, or if the background is too
uncertain at the signal mass. First the lower end moves to 1550 GeV, then the upper end to 6500 GeV, then in
turn the lower end up by 100 GeV and the upper end down by 500 GeV.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from errors import MaplessError
from fits.background_choice.model_choice import DIJET_FAMILY, BackgroundChoice, choose_background
from fits.backgrounds import LogLinearBackground
from fits.checks.fit_quality import BACKGROUND_P_VALUE, SIGNAL_P_VALUE
from fits.checks.goodness_of_fit import GoodnessOfFit, chi_square_of_fit
from fits.fit import SpectrumFit, fit_signal
from fits.likelihood.minimise import Confirmation
from fits.signals import SignalShape
from fits.spectrum import Spectrum


@dataclass(frozen=True)
class RangePolicy:
    """When a range is good enough, and how it narrows; masses in GeV, defaults as in CMS.

    The lower end stays `clearance` below the signal, the upper end above `highest_factor` times its mass.
    """

    background_p_value: float = BACKGROUND_P_VALUE
    signal_p_value: float = SIGNAL_P_VALUE
    largest_relative_error: float = 0.15
    first_low: float = 1550.0
    first_high: float = 6500.0
    low_step: float = 100.0
    high_step: float = 500.0
    clearance: float = 400.0
    highest_factor: float = 1.2

    def __post_init__(self) -> None:
        if not (self.low_step > 0 and self.high_step > 0):
            raise MaplessError("a mass range narrows in steps above 0 GeV")

    def ranges(self, low: float, high: float, mass: float) -> Iterator[tuple[float, float]]:
        """Ranges (low, high) to try for a signal at a mass, the given one first.

        >>> list(RangePolicy(low_step=300, high_step=1500).ranges(1460, 7000, 2500))
        [(1460, 7000), (1550.0, 7000), (1550.0, 6500.0), (1850.0, 6500.0), (1850.0, 5000.0), (1850.0, 3500.0)]
        """
        largest_low, smallest_high = mass - self.clearance, mass * self.highest_factor
        yield low, high
        if low < self.first_low <= largest_low:
            low = self.first_low
            yield low, high
        if high > self.first_high >= smallest_high:
            high = self.first_high
            yield low, high
        while low + self.low_step <= largest_low or high - self.high_step >= smallest_high:
            if low + self.low_step <= largest_low:
                low += self.low_step
                yield low, high
            if high - self.high_step >= smallest_high:
                high -= self.high_step
                yield low, high


@dataclass(frozen=True, eq=False)
class RangeTrial:
    """One range with its background, its fit with signal, and what was wrong with it ("" if nothing)."""

    choice: BackgroundChoice
    with_signal: SpectrumFit
    signal_goodness: GoodnessOfFit
    relative_error: float
    complaint: str

    @property
    def spectrum(self) -> Spectrum:
        """The part of the spectrum that was fitted."""
        return self.choice.fit.spectrum

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return {
            "range": [self.spectrum.low, self.spectrum.high],
            "background": self.choice.background.name,
            "background_goodness": self.choice.goodness.to_json(),
            "signal_goodness": self.signal_goodness.to_json(),
            "relative_error": self.relative_error,
            "complaint": self.complaint,
        }


@dataclass(frozen=True, eq=False)
class RangeChoice:
    """The range that was chosen, and all that were tried; `good` is false if none satisfied the policy."""

    chosen: RangeTrial
    trials: tuple[RangeTrial, ...] = field(repr=False)

    @property
    def good(self) -> bool:
        """Whether the chosen range satisfies the policy."""
        return not self.chosen.complaint

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return {
            "good": self.good,
            "chosen": self.chosen.to_json(),
            "trials": [trial.to_json() for trial in self.trials],
        }


def choose_range(
    spectrum: Spectrum,
    signal: SignalShape,
    *,
    family: Sequence[LogLinearBackground] = DIJET_FAMILY,
    policy: RangePolicy | None = None,
    threshold: float = 0.1,
    confirmation: Confirmation = "migrad",
) -> RangeChoice:
    """Background and mass range for a signal, narrowing the range until the fits are good.

    `family` and `threshold` go to `choose_background`. If no range is good, the one with the largest p-value
    of the background-only fit is chosen and `good` is false. Raises MaplessError if the first range cannot be
    fitted at all.
    """
    policy = policy or RangePolicy()
    trials: list[RangeTrial] = []
    for low, high in policy.ranges(spectrum.low, spectrum.high, signal.mean):
        edges = spectrum.edges[(spectrum.edges >= low) & (spectrum.edges <= high)]
        try:
            trials.append(_try(spectrum.rebin(edges), signal, family, policy, threshold, confirmation))
        except MaplessError:
            if not trials:
                raise
            break  # narrower still would hold even less
        if not trials[-1].complaint:
            return RangeChoice(trials[-1], tuple(trials))
    return RangeChoice(max(trials, key=lambda trial: trial.choice.goodness.p_value or 0.0), tuple(trials))


def _try(
    spectrum: Spectrum,
    signal: SignalShape,
    family: Sequence[LogLinearBackground],
    policy: RangePolicy,
    threshold: float,
    confirmation: Confirmation,
) -> RangeTrial:
    choice = choose_background(
        spectrum,
        signal.mean,
        family=family,
        threshold=threshold,
        largest_relative_error=policy.largest_relative_error,
        confirmation=confirmation,
    )
    with_signal = fit_signal(choice.fit, signal, confirmation=confirmation)
    goodness = chi_square_of_fit(with_signal)
    error = float(choice.fit.relative_background_error(signal.mean))
    complaint = _complaint(choice.goodness, goodness, error, policy)
    return RangeTrial(choice, with_signal, goodness, error, complaint)


def _complaint(
    background: GoodnessOfFit, with_signal: GoodnessOfFit, error: float, policy: RangePolicy
) -> str:
    if not error <= policy.largest_relative_error:
        return f"the background is uncertain by {error:.0%} at the signal mass"
    p_values = np.array([background.p_value or 0.0, with_signal.p_value or 0.0])
    if np.all(p_values < [policy.background_p_value, policy.signal_p_value]):
        return "neither background nor background plus signal describe the spectrum"
    return ""
