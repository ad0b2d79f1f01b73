"""What a smooth background is to be, in plain types: a search says it, stores it and hashes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from errors import MaplessError
from fits.background_choice.model_choice import BackgroundChoice, choose_background, choose_first_good
from fits.backgrounds import LogLinearBackground
from fits.backgrounds.catalogue import background, background_family
from fits.signals import SignalShape
from fits.spectrum import Spectrum

Choice = Literal["with-signal", "f-test", "in-turn"]
CHOICES = get_args(Choice)
_THRESHOLDS: Mapping[Choice, float] = {"with-signal": 0.3, "f-test": 0.1, "in-turn": 0.05}


@dataclass(frozen=True)
class Smooth:
    """A family of functions by name, and how its members are chosen.

    `family` is a name of `fits.backgrounds.catalogue`, or several joined by `+`, and `parameters` are the
    numbers of shape parameters to try (by default all sizes of each family). "with-signal" takes a larger
    function where fits that contain a signal have a likelihood ratio of p < `threshold` (by default 0.3) and
    its error at the signal mass stays below `largest_relative_error`: it does not bend to describe the signal
    (docs/background_choice.md). "f-test" does so where the F-test of fits without signal has p < `threshold`
    (0.1), as CMS does. "in-turn" takes the first function whose chi-square has p > `threshold` (0.05), as
    ATLAS does with "atlas+atlas_ua2". `collision_energy` in GeV. Raises MaplessError for unknown names and
    choices.

    >>> [member.name for member in Smooth(parameters=(2, 3)).backgrounds]
    ['dijet, 2 parameters', 'dijet, 3 parameters']
    >>> [member.name for member in Smooth("atlas+atlas_ua2", choice="in-turn").backgrounds]
    ['ATLAS dijet, 2 parameters', 'ATLAS dijet, 3 parameters', 'ATLAS UA2, 3 parameters']
    """

    family: str = "dijet"
    parameters: tuple[int, ...] | None = None
    choice: Choice = "with-signal"
    threshold: float | None = None
    largest_relative_error: float = 0.15
    collision_energy: float = 13000.0

    def __post_init__(self) -> None:
        if self.choice not in CHOICES:
            raise MaplessError(
                f"no choice of a background is called {self.choice}; there are {', '.join(CHOICES)}"
            )
        if not self.backgrounds:
            raise MaplessError(f"no number of parameters of the background {self.family}; give 2 or more")

    @property
    def backgrounds(self) -> tuple[LogLinearBackground, ...]:
        """The functions to try, in their order."""
        names, energy = self.family.split("+"), self.collision_energy
        if self.parameters is None:
            return tuple(member for name in names for member in background_family(name, energy))
        return tuple(background(name, size, energy) for name in names for size in self.parameters)

    @property
    def level(self) -> float:
        """The threshold of its p-value, given or usual."""
        return _THRESHOLDS[self.choice] if self.threshold is None else self.threshold

    def choose(
        self, spectrum: Spectrum, signals: Sequence[SignalShape] = (), signal_mass: float | None = None
    ) -> BackgroundChoice:
        """The function that a spectrum needs, fitted.

        `signals` are those looked for, one at each mass, and `signal_mass` (GeV) is where the error of the
        background is limited. Raises MaplessError if no function fits, and for "with-signal" without signals.
        """
        if self.choice == "with-signal" and not signals:
            raise MaplessError('a background chosen beside a signal needs signals; give some, or "f-test"')
        if self.choice == "in-turn":
            return choose_first_good(spectrum, self.backgrounds, smallest_p_value=self.level)
        return choose_background(
            spectrum,
            signal_mass,
            signals=signals if self.choice == "with-signal" else (),
            family=self.backgrounds,
            threshold=self.level,
            largest_relative_error=self.largest_relative_error,
        )
