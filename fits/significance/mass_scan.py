"""Local p-values along the mass: background plus signal against background only at each mass hypothesis."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from errors import MaplessError
from fits.backgrounds import LogLinearBackground
from fits.fit import SpectrumFit, fit_background, fit_signal
from fits.likelihood.minimise import Confirmation
from fits.likelihood.signal_term import SignalTerm
from fits.results import FitResult, FitStatus
from fits.signals import SignalShape
from fits.spectrum import Spectrum

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class MassPoint:
    """One mass hypothesis (GeV); the numbers are None unless `status` says that they may be used.

    `signal_yield` counts events inside the mass range. A fit at the lower end of the allowed yields
    (`at_bound`) has a p-value but no error of the yield.
    """

    mass: float
    status: str
    local_p_value: float | None = None
    significance: float | None = None
    signal_yield: float | None = None
    signal_yield_error: float | None = None

    @classmethod
    def of(cls, mass: float, null_nll: float, fit: FitResult, parameter: str) -> "MassPoint":
        """What a fit whose `parameter` is the signal yield says against background only; both converged."""
        signal_yield = fit.parameters[parameter]
        error = fit.errors[parameter] if fit.status == FitStatus.CONVERGED else None
        significance = discovery_significance(null_nll, fit.nll, signal_yield)
        p_value = float(stats.norm.sf(significance))
        return cls(mass, str(fit.status), p_value, significance, signal_yield, error)


@dataclass(frozen=True, eq=False)
class MassPoints:
    """Results at every mass."""

    points: tuple[MassPoint, ...]

    @property
    def most_significant(self) -> MassPoint:
        """The point with the smallest local p-value; MaplessError if no point has one."""
        good = [point for point in self.points if point.local_p_value is not None]
        if not good:
            reasons = ", ".join(sorted({point.status for point in self.points}))
            raise MaplessError(f"no fit of the mass scan converged ({reasons or 'no mass'})")
        return min(good, key=lambda point: point.local_p_value or 0.0)

    @classmethod
    def of_json(cls, points: Sequence[Mapping[str, Any]]) -> "MassPoints":
        """Points as `to_json` of a scan stores them."""
        return MassPoints(tuple(MassPoint(**point) for point in points))

    def column(self, name: str) -> np.ndarray:
        """One field of all points as (n_masses,) floats, NaN where a fit failed."""
        return np.array([getattr(point, name) for point in self.points], dtype=float)


@dataclass(frozen=True, eq=False)
class MassScan(MassPoints):
    """Results at every mass, with the background-only fit they are compared to."""

    null: SpectrumFit

    @property
    def nulls(self) -> dict[str, SpectrumFit]:
        """The background-only fit, under the name that it has beside those of several categories."""
        return {"spectrum": self.null}

    @property
    def status(self) -> FitStatus:
        """How the background-only fit ended."""
        return self.null.status

    @property
    def converged(self) -> bool:
        """Whether the background-only fit and the fits at all masses may be used."""
        return self.null.converged and all(point.local_p_value is not None for point in self.points)

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON; numbers of failed fits are null."""
        return {
            "background": self.null.background.name,
            "background_fit": self.null.result.to_json(),
            "points": [asdict(point) for point in self.points],
        }


def scan_masses(
    spectrum: Spectrum,
    background: LogLinearBackground,
    signal: Callable[[float], SignalShape],
    masses: Iterable[float],
    *,
    confirmation: Confirmation = "newton",
) -> MassScan:
    """Local p-value, significance and signal yield at each mass (GeV).

    `signal` is a function of mass, for example `InterpolatedSignal(shapes)` or `shape.scaled_to`.
    Raises MaplessError before any fit if a mass is outside the spectrum; a fit that fails leaves a point with
    its status only.
    """
    masses = tuple(float(mass) for mass in masses)
    check_masses(spectrum, signal, masses)
    return scan_masses_of_fit(fit_background(spectrum, background), signal, masses, confirmation=confirmation)


def scan_masses_of_fit(
    null: SpectrumFit,
    signal: Callable[[float], SignalShape | SignalTerm],
    masses: Iterable[float],
    *,
    confirmation: Confirmation = "newton",
) -> MassScan:
    """`scan_masses` of a spectrum whose background-only fit is there already.

    The signal may be one with nuisance parameters, which then take part in the p-values.
    """
    masses = tuple(float(mass) for mass in masses)
    check_masses(null.spectrum, signal, masses)
    if not null.converged:
        return MassScan(tuple(MassPoint(mass, f"background-only fit {null.status}") for mass in masses), null)
    return MassScan(tuple(_test_mass(null, signal(mass), mass, confirmation) for mass in masses), null)


def check_masses(spectrum: Spectrum, signal: object, masses: Iterable[float]) -> None:
    """MaplessError unless all masses (GeV) lie in the spectrum and the signal is a function of mass."""
    if not callable(signal):
        raise MaplessError(
            "the signal of a mass scan is a function of mass; pass shape.scaled_to or an interpolation"
        )
    outside = [f"{mass:g}" for mass in masses if not spectrum.low < mass < spectrum.high]
    if outside:
        raise MaplessError(
            f"masses {', '.join(outside)} GeV are outside the spectrum "
            f"({spectrum.low:g} to {spectrum.high:g} GeV); choose masses inside"
        )


def discovery_significance(null_nll: float, nll: float, signal_yield: float) -> float:
    """Square root of q0 = 2 (nll_null - nll) for a positive yield, zero otherwise.

    One-sided asymptotic formula: Cowan, Cranmer, Gross, Vitells, arXiv:1007.1727, equations 12 and 53.

    >>> discovery_significance(108.0, 100.0, signal_yield=50.0)
    4.0
    """
    return float(np.sqrt(max(2 * (null_nll - nll), 0.0))) if signal_yield > 0 else 0.0


def _test_mass(
    null: SpectrumFit, signal: SignalShape | SignalTerm, mass: float, confirmation: Confirmation
) -> MassPoint:
    fit = fit_signal(null, signal, confirmation=confirmation)
    if not fit.converged:
        return MassPoint(mass, str(fit.status))
    return MassPoint.of(mass, null.result.nll, fit.result, "signal_yield")
