"""Checks of a search for a resonance, by name: each gives plain types that figures and tables are made of.

Those of the background are made for each spectrum alone, at all masses; those of the signal for all
categories together, at the mass of the largest excess.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from errors import MaplessError
from fits.background_choice.discrete_profiling import discrete_profile
from fits.background_choice.range_choice import RangePolicy, choose_range
from fits.backgrounds.catalogue import background
from fits.checks.bias import BiasTest, bias_test
from fits.checks.channel_compatibility import channel_compatibility
from fits.checks.goodness_of_fit import saturated_statistic
from fits.checks.goodness_toys import (
    anderson_darling,
    goodness_by_toys,
    kolmogorov_smirnov,
    merged_chi_square,
)
from fits.checks.impacts import group_errors, impacts
from fits.checks.spurious_signal import spurious_signal
from fits.fit import SpectrumFit, fit_background
from fits.likelihood.profile import ProfileLikelihood
from fits.likelihood.profile_interval import profile_interval
from fits.likelihood.scan import scan_likelihood
from fits.limits.feldman_cousins import toy_interval
from fits.limits.toy_limits import toy_upper_limit
from fits.parallel import in_parallel
from fits.resonance_categories import NO_UNCERTAINTIES, FittedCategory, search_model
from fits.resonance_settings import CHECKS, ResonanceSettings
from fits.search_model import SearchModel
from fits.signals import SignalOfMass
from fits.significance.bump_hunter import hunt_bumps
from fits.significance.discovery_reach import discovery_reach
from fits.significance.mass_scan import MassPoints
from fits.spectrum import FloatArray, Spectrum, coarse

# Functions that the background could be instead, with their usual numbers of parameters.
ALTERNATIVES = ("dijet", "modified_dijet", "modified_exponential", "ua2")
_ERRORS_INJECTED = 2.0  # about an expected limit
_REACH, _POINTS = 3.0, 25  # standard deviations and values of scans of the signal yield
_TRIED = 11  # values of an interval by toys


@dataclass(frozen=True, eq=False)
class Found:
    """What checks start from: the fitted categories with their common scan."""

    settings: ResonanceSettings
    categories: Sequence[FittedCategory]
    signal: SignalOfMass
    scan: MassPoints

    def model(self, mass: float | None = None) -> SearchModel:
        """All categories with an uncertain signal, by default at the mass of the largest excess."""
        at = self.scan.most_significant.mass if mass is None else mass
        return search_model(self.categories, self.signal, self.settings.uncertainties, at)

    def generator(self, check: str) -> np.random.Generator:
        """Random numbers of a check, whatever other checks there are."""
        return np.random.default_rng([self.settings.seed, CHECKS.index(check)])


def run_checks(found: Found, report: Callable[[int, int], None]) -> dict[str, Any]:
    """Results of the checks that the settings name; one that cannot be made has an `error` that says why."""
    results = {}
    for done, name in enumerate(found.settings.checks, start=1):
        try:
            results[name] = _plain(_CHECKS[name](found))
        except MaplessError as error:
            results[name] = {"error": str(error)}
        report(done, len(found.settings.checks))
    return results


def _goodness(found: Found) -> dict[str, Any]:
    rng, n_toys = found.generator("goodness"), found.settings.check_toys
    results: dict[str, Any] = {}
    for category in found.categories:
        statistics = {
            "saturated": saturated_statistic,
            "kolmogorov_smirnov": kolmogorov_smirnov,
            "anderson_darling": anderson_darling,
            "chi_square": merged_chi_square(category.null),
        }
        results[category.name] = {
            name: goodness_by_toys(category.null, statistic, n_toys, rng).to_json()
            for name, statistic in statistics.items()
        }
    return results


def _range(found: Found) -> dict[str, Any]:
    """The mass range to which CMS would narrow each spectrum for a signal at the largest excess."""
    smooth, shape = found.settings.background, found.signal(found.scan.most_significant.mass)
    policy = RangePolicy(largest_relative_error=smooth.largest_relative_error)
    return {
        category.name: choose_range(
            category.null.spectrum,
            shape,
            family=smooth.backgrounds,
            policy=policy,
            threshold=smooth.threshold,
        ).to_json()
        for category in found.categories
    }


def _bias(found: Found) -> dict[str, Any]:
    """Pulls in toys of the function itself and of others, without signal and with about an expected limit."""
    settings, results = found.settings, {}
    for category in found.categories:
        truths = {fit.background.name: fit.expected_background() for fit in _alternatives(category, found)}
        truths = {category.null.background.name: category.null.expected_background()} | truths
        errors = np.nan_to_num(category.scan.column("signal_yield_error"))
        tests = [
            (found.signal(mass), (0.0, _ERRORS_INJECTED * error), [settings.seed, place])
            for place, (mass, error) in enumerate(zip(settings.masses, errors.tolist(), strict=True))
        ]
        one = partial(_bias_at, category.null, truths, settings.check_toys)
        points = in_parallel(one, tests, settings.workers)
        results[category.name] = [
            {"mass": mass} | asdict(point)
            for mass, test in zip(settings.masses, points, strict=True)
            for point in test.points
        ]
    return results


def _bias_at(
    null: SpectrumFit, truths: Mapping[str, FloatArray], n_toys: int, test: tuple[Any, Any, Any]
) -> BiasTest:
    shape, injected, seed = test
    return bias_test(null, truths, shape, sorted(set(injected)), n_toys, np.random.default_rng(seed))


def _spurious_signal(found: Found) -> dict[str, Any]:
    """Yields that fits of the chosen function find in the expectation of others."""
    results: dict[str, Any] = {}
    for category in found.categories:
        results[category.name] = {}
        for fit in _alternatives(category, found):
            expectation = Spectrum(fit.spectrum.edges, fit.expected_background())
            chosen = category.null.background
            test = spurious_signal(expectation, chosen, found.signal, found.settings.masses)
            results[category.name][fit.background.name] = test.to_json()
    return results


def _impacts(found: Found) -> dict[str, Any]:
    model = found.model()
    profile = model.profile_likelihood()
    groups = group_errors(profile, {"signal": model.nuisances}) if model.nuisances else {}
    return _at_excess(found) | impacts(profile).to_json() | {"groups": groups}


def _compatibility(found: Found) -> dict[str, Any]:
    return _at_excess(found) | channel_compatibility(found.model()).to_json()


def _likelihood_scan(found: Found) -> dict[str, Any]:
    profile = found.model().profile_likelihood()
    best = profile.fit()
    interval = profile_interval(profile, best=best)
    values = _around(profile, _POINTS)
    fitted = {name: best.parameters[name] for name in found.model().nuisances}
    curves = {"all uncertainties": profile, "statistical": profile.holding(fitted)}
    scans = {
        name: scan_likelihood(one, {profile.parameter: values}).differences
        for name, one in curves.items()
        if fitted or one is profile
    }
    return _at_excess(found) | {"interval": interval.to_json(), "values": values, "curves": scans}


def _discrete_profiling(found: Found) -> dict[str, Any]:
    """The functions that were tried and converged in every category, as an envelope."""
    tried = [
        [trial.fit.background for trial in category.choice.trials if trial.fit.converged]
        for category in found.categories
    ]
    backgrounds = [one for one in tried[0] if all(one in others for others in tried)]
    mass = found.scan.most_significant.mass
    model = search_model(found.categories, found.signal, NO_UNCERTAINTIES, mass)
    profile = discrete_profile(model, backgrounds)
    return _at_excess(found) | {"fit": profile.fit().to_json(), "limit": profile.upper_limit().to_json()}


def _discovery_reach(found: Found) -> list[dict[str, Any]]:
    reached = in_parallel(partial(_reach_at, found), found.settings.masses, found.settings.workers)
    return list(reached)


def _reach_at(found: Found, mass: float) -> dict[str, Any]:
    return {"mass": mass} | discovery_reach(found.model(mass).profile_likelihood()).to_json()


def _bump_hunter(found: Found) -> dict[str, Any]:
    nulls = [category.null for category in found.categories]
    edges = coarse(nulls[0].spectrum, minimum=1).edges
    return hunt_bumps(nulls, found.settings.check_toys, found.generator("bump-hunter"), edges=edges).to_json()


def _feldman_cousins(found: Found) -> dict[str, Any]:
    profile = found.model().profile_likelihood()
    values = np.unique(np.maximum(_around(profile, _TRIED), 0.0))
    rng, n_toys = found.generator("feldman-cousins"), found.settings.check_toys
    return _at_excess(found) | asdict(toy_interval(profile, values.tolist(), n_toys, rng))


def _toy_limit(found: Found) -> dict[str, Any]:
    profile = found.model().profile_likelihood()
    limit = toy_upper_limit(profile, found.settings.check_toys, found.generator("toy-limit"))
    return _at_excess(found) | limit.to_json()


_CHECKS: Mapping[str, Callable[[Found], Any]] = {
    "goodness": _goodness,
    "range": _range,
    "bias": _bias,
    "spurious-signal": _spurious_signal,
    "impacts": _impacts,
    "compatibility": _compatibility,
    "likelihood-scan": _likelihood_scan,
    "discrete-profiling": _discrete_profiling,
    "discovery-reach": _discovery_reach,
    "bump-hunter": _bump_hunter,
    "feldman-cousins": _feldman_cousins,
    "toy-limit": _toy_limit,
}


def _at_excess(found: Found) -> dict[str, Any]:
    return {"mass": found.scan.most_significant.mass}


def _alternatives(category: FittedCategory, found: Found) -> list[SpectrumFit]:
    """Other functions that the spectrum can be fitted with."""
    category.null.result.require_convergence(f"background-only fit of {category.name} before its checks")
    energy = found.settings.background.collision_energy
    others = [background(name, collision_energy=energy) for name in ALTERNATIVES]
    fits = [
        fit_background(category.null.spectrum, other, confirmation="newton")
        for other in others
        if type(other) is not type(category.null.background)
    ]
    return [fit for fit in fits if fit.converged]


def _around(profile: ProfileLikelihood, n_values: int) -> FloatArray:
    """Values of the signal yield about the fitted one, above its lower bound."""
    best = profile.fit().require_convergence("fit with signal before a scan of its yield")
    value, error = best.parameters[profile.parameter], best.errors[profile.parameter]
    lowest, _ = profile.bounds[profile.parameter]
    # A yield at its bound has no error: that of the same number of events.
    reach = _REACH * (error or np.sqrt(max(abs(value), 1.0)))
    return np.linspace(max(value - reach, lowest), value + reach, n_values)


def _plain(value: Any) -> Any:
    """The same in plain types, where what is not finite is null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
