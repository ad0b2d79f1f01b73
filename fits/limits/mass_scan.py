"""Upper limits on the signal yield along the mass."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from fits.fit import signal_term
from fits.likelihood.signal_term import Effect, SignalTerm
from fits.limits.asymptotic import LimitStatus, UpperLimit
from fits.limits.few_events import suited_upper_limit
from fits.parallel import in_parallel
from fits.search_model import SearchModel
from fits.signals import SignalShape
from fits.spectrum import Spectrum

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SignalUncertainties:
    """Relative uncertainties of a signal: mass scale and resolution, and any number on the yield.

    The defaults are those of CMS EXO-22-026 (arXiv:2412.03747) for jets and luminosity; the efficiency is
    added by the analysis, for example {"luminosity": 0.016, "efficiency": 0.1}.
    """

    scale: float = 0.01
    resolution: float = 0.035
    yields: tuple[tuple[str, float], ...] = (("luminosity", 0.016),)

    @property
    def effects(self) -> dict[str, Effect]:
        """Effects of the nuisance parameters by name, for a process of a search model."""
        jets = {"mass_scale": Effect(mean=self.scale), "mass_resolution": Effect(width=self.resolution)}
        used = {name: effect for name, effect in jets.items() if effect != Effect()}
        return {name: Effect(1 + size) for name, size in self.yields} | used

    def apply(self, spectrum: Spectrum, shape: SignalShape) -> SignalTerm:
        """The signal with these nuisances in the bins of a spectrum."""
        signal_term(spectrum, shape)  # raises if most of it is outside
        return SignalTerm(shape, spectrum.edges, self.effects)


@dataclass(frozen=True, eq=False)
class LimitScan:
    """Masses in GeV with their limits: on signal events inside the mass range, or what a model counts in."""

    masses: tuple[float, ...]
    limits: tuple[UpperLimit, ...]

    @property
    def converged(self) -> bool:
        """Whether there is a limit at every mass."""
        return all(limit.status == LimitStatus.GOOD for limit in self.limits)

    def to_frame(self) -> "pd.DataFrame":
        """Table with one row per mass; numbers of failed limits are missing."""
        import pandas as pd

        names = ("expected_minus2", "expected_minus1", "expected", "expected_plus1", "expected_plus2")
        rows = [
            {"mass": mass, "status": str(limit.status), "observed": limit.observed}
            | dict(zip(names, limit.expected or (None,) * len(names), strict=True))
            for mass, limit in zip(self.masses, self.limits, strict=True)
        ]
        return pd.DataFrame(rows)

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON; numbers of failed limits are null."""
        points = zip(self.masses, self.limits, strict=True)
        return {"points": [{"mass": mass} | limit.to_json() for mass, limit in points]}


def scan_limits(
    model: Callable[[float], SearchModel],
    masses: Iterable[float],
    *,
    confidence_level: float = 0.95,
    n_toys: int = 500,
    seed: int = 1,
    workers: int = 1,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> LimitScan:
    """CLs limits on the parameter of interest of a model with one or several categories, at each mass (GeV).

    Where few events are expected under the peak they are those of `n_toys` toys (`fits.limits.few_events`).

    `model` is a function of mass as in `fits.significance.category_scan`, picklable for more than one worker.
    Raises MaplessError if a signal is outside its spectrum; a fit that fails leaves a status and no number.
    """
    masses = tuple(float(mass) for mass in masses)
    one = partial(_limit, model, confidence_level, n_toys)
    seeds = [(mass, [seed, place]) for place, mass in enumerate(masses)]
    return LimitScan(masses, tuple(in_parallel(one, seeds, workers, report)))


def _limit(
    model: Callable[[float], SearchModel],
    confidence_level: float,
    n_toys: int,
    at: tuple[float, Sequence[int]],
) -> UpperLimit:
    mass, seed = at
    return suited_upper_limit(
        model(mass).profile_likelihood(),
        n_toys,
        np.random.default_rng(seed),
        confidence_level=confidence_level,
    )
