"""What a search for a resonance found, and the form in which every search stores it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fits.backgrounds.catalogue import background_to_json
from fits.checks.goodness_of_fit import chi_square_of_fit, saturated_of_fit
from fits.export.results_json import category_results_by_mass, results_by_mass
from fits.fit import SpectrumFit
from fits.limits.mass_scan import LimitScan
from fits.resonance_categories import FittedCategory
from fits.resonance_settings import ResonanceSettings
from fits.signals import SignalOfMass, signal_to_json
from fits.significance.asymptotic import Significance
from fits.significance.category_scan import CategoryScan
from fits.significance.global_significance import GlobalSignificance
from fits.significance.mass_scan import MassScan


@dataclass(frozen=True, eq=False)
class ResonanceResults:
    """Everything that was found in one or several spectra; what was not asked for is None.

    `scan` is that of all categories together, and `with_signal` the fit where its excess is largest, as seen
    in each category. `expected` are expected significances, one per mass. `checks` are plain types by name.
    """

    settings: ResonanceSettings
    categories: tuple[FittedCategory, ...]
    signal: SignalOfMass
    scan: MassScan | CategoryScan
    with_signal: Mapping[str, SpectrumFit] = field(default_factory=dict)
    limits: LimitScan | None = None
    expected: tuple[Significance, ...] | None = None
    global_significance: GlobalSignificance | None = None
    checks: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain types with all that figures and tables need, so that nothing is fitted again for them.

        `spectra` by name of the category: `source`, `read`, `share`, `n_events`, `spectrum`, `background`
        (which `background_from_json` reads), `background_fit`, `background_choice` with all trials, goodness
        of fit as `chi_square` and `saturated`, `expected_background` (n_bins,), the `scan` of it alone, and
        `with_signal`, the fit at the largest excess. `scan` is that of all together. `fits` are by mass with
        the keys of CASEUtils (`fits.export.results_json`). `signal` is null for a function of mass that has
        no stored form.
        """
        return {
            "settings": self.settings.to_json(),
            "signal": signal_to_json(self.signal),
            "spectra": {category.name: self._category(category) for category in self.categories},
            "scan": {"points": self.scan.to_json()["points"]},
            "fits": self._fits(),
            "limits": self.limits and self.limits.to_json(),
            "expected_significances": self.expected and [one.to_json() for one in self.expected],
            "global_significance": self.global_significance and self.global_significance.to_json(),
            "checks": dict(self.checks),
        }

    def _category(self, fitted: FittedCategory) -> dict[str, Any]:
        with_signal = self.with_signal.get(fitted.name)
        mass = self.scan.most_significant.mass if with_signal else None
        choice = fitted.choice.to_json()
        del choice["fit"]  # that is `background_fit`
        return {
            "source": fitted.category.source,
            "read": fitted.category.read,
            "share": fitted.share,
            "n_events": fitted.category.spectrum.total,
            "scan": {"points": fitted.scan.to_json()["points"]},
            "background_choice": choice,
            **fit_to_json(fitted.null, with_signal, mass),
        }

    def _fits(self) -> Sequence[Mapping[str, Any]]:
        beyond = self.limits, self.expected
        if isinstance(self.scan, MassScan):
            return results_by_mass(self.scan, self.signal, *beyond)
        alone = {fitted.name: results_by_mass(fitted.scan, self.signal) for fitted in self.categories}
        return category_results_by_mass(self.scan, alone, *beyond)


def fit_to_json(
    null: SpectrumFit, with_signal: SpectrumFit | None = None, mass: float | None = None
) -> dict[str, Any]:
    """A spectrum with its background-only fit and a fit with a signal of some mass (GeV), as figures need it.

    Expectations (n_bins,) are left out (null) where the fit may not be used.
    """
    return {
        "spectrum": null.spectrum.to_json(),
        "background": background_to_json(null.background),
        "background_fit": null.result.to_json(),
        "chi_square": chi_square_of_fit(null).to_json(),
        "saturated": saturated_of_fit(null).to_json(),
        "expected_background": null.expected_background().tolist() if null.converged else None,
        "with_signal": with_signal and _with_signal(with_signal, mass),
    }


def _with_signal(fit: SpectrumFit, mass: float | None) -> dict[str, Any]:
    head = {"mass": mass, "fit": fit.result.to_json()}
    if not fit.converged:
        return head
    return head | {
        "signal_yield": fit.result.parameters["signal_yield"],
        "signal_yield_error": fit.result.errors["signal_yield"],
        "expected_background": fit.expected_background().tolist(),
        "expected_signal": fit.expected_signal().tolist(),
    }
