"""Spurious signal: the yield that a fit finds where there is only background.

The criterion of ATLAS for a background function (arXiv:1207.7214 for photon pairs, arXiv:1910.08447 for
dijets): fits with signal to the expected background itself, without fluctuations, along the mass; the largest
yield in units of its statistical error must stay small.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fits.backgrounds import LogLinearBackground
from fits.fit import fit_background
from fits.many_fits import fit_many_signals
from fits.signals import SignalShape
from fits.spectrum import FloatArray, Spectrum

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class SpuriousSignal:
    """Spurious yields and their statistical errors at masses in GeV, (n_masses,), NaN for failed fits."""

    masses: FloatArray
    yields: FloatArray
    errors: FloatArray

    @property
    def converged(self) -> bool:
        """Whether all fits may be used."""
        return bool(np.all(np.isfinite(self.ratios)))

    @property
    def ratios(self) -> FloatArray:
        """Spurious yield in units of its error (n_masses,)."""
        return self.yields / self.errors

    @property
    def largest_ratio(self) -> float | None:
        """Largest |ratio| of all masses; None if a fit failed."""
        return float(np.max(np.abs(self.ratios))) if self.converged else None

    def acceptable(self, largest_ratio: float = 0.5) -> bool:
        """Whether the function passes the criterion; never with a failed fit."""
        return self.largest_ratio is not None and self.largest_ratio < largest_ratio

    def to_frame(self) -> "pd.DataFrame":
        """Table with one row per mass."""
        import pandas as pd

        columns = {
            "mass": self.masses,
            "spurious_yield": self.yields,
            "error": self.errors,
            "ratio": self.ratios,
        }
        return pd.DataFrame(columns)

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON; numbers of failed fits are null."""
        rows = self.to_frame().astype(object).where(np.isfinite(self.to_frame()), None)
        head = {"largest_ratio": self.largest_ratio, "acceptable": self.acceptable()}
        return head | {"points": rows.to_dict(orient="records")}


def spurious_signal(
    expectation: Spectrum,
    background: LogLinearBackground,
    signal: Callable[[float], SignalShape],
    masses: Iterable[float],
) -> SpuriousSignal:
    """Fits of a background function with a signal at each mass (GeV) to a spectrum without signal.

    `expectation` holds the expected events for the luminosity of the data, which sets the errors: simulation
    with much smaller fluctuations than those, or the expectation of another function. Raises MaplessError for
    a signal outside, and if the background-only fit fails.
    """
    masses = np.array(list(masses), dtype=float)
    null = fit_background(expectation, background)
    null.result.require_convergence("background-only fit of the expectation")
    many = fit_many_signals(null, expectation.counts[None], [signal(mass) for mass in masses.tolist()])
    return SpuriousSignal(masses, many.signal_yields[0], many.errors[0])
