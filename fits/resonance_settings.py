"""What a search for a resonance is asked to do, in plain types that can be pickled, stored and hashed."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from errors import MaplessError
from fits.background_choice.smooth import Smooth
from fits.limits.mass_scan import SignalUncertainties

CHECKS = (
    "goodness",
    "range",
    "bias",
    "spurious-signal",
    "impacts",
    "compatibility",
    "likelihood-scan",
    "discrete-profiling",
    "discovery-reach",
    "bump-hunter",
    "feldman-cousins",
    "toy-limit",
    "zfit",
)
EXPORTS = ("hepdata", "combine", "hs3")


@dataclass(frozen=True)
class ResonanceSettings:
    """What to look for in one spectrum, or in several categories together, and what to find out about it.

    `masses` (GeV) of the hypotheses; `choice_mass` is where the F-test limits the error of the background.
    `limit_toys` toys give the limits where few events are expected under the peak; 0 for asymptotic formulae
    everywhere. `expected_signal` are the events whose expected significance is asked for (by default the
    median limit, if there are `limits`). `toys` are those of the global significance of this search alone.
    `uncertainties` act on limits and expected significances, and on p-values too with `uncertain_p_values`;
    toys take the signal exactly as given. `checks` and `exports` are among CHECKS and EXPORTS; `check_toys`
    toys serve each test that needs some. Raises MaplessError for masses that are missing, for names that are
    unknown and for numbers that cannot be.
    """

    masses: tuple[float, ...]
    background: Smooth = Smooth()
    choice_mass: float | None = None
    limits: bool = False
    limit_toys: int = 500
    expected_signal: float | None = None
    toys: int = 0
    uncertainties: SignalUncertainties = SignalUncertainties()
    uncertain_p_values: bool = False
    checks: tuple[str, ...] = ()
    check_toys: int = 200
    exports: tuple[str, ...] = ()
    seed: int = 1
    workers: int = 1

    def __post_init__(self) -> None:
        if not self.masses:
            raise MaplessError("a search for a resonance needs masses; give at least one in GeV")
        _require_known(self.checks, CHECKS, "check")
        _require_known(self.exports, EXPORTS, "export")
        if self.expected_signal is not None and not 0 < self.expected_signal < np.inf:
            raise MaplessError(f"an expected signal of {self.expected_signal:g} events; give more than zero")
        if min(self.toys, self.limit_toys) < 0 or self.check_toys <= 1 or self.workers < 1:
            raise MaplessError("numbers of toys and workers are positive, and checks need two toys or more")

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return asdict(self)


def _require_known(given: Iterable[str], known: tuple[str, ...], what: str) -> None:
    unknown = [name for name in given if name not in known]
    if unknown:
        raise MaplessError(f"no {what} is called {unknown[0]}; there are {', '.join(known)}")
