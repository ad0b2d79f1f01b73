"""Checks of the backgrounds of a search for a resonance, made for each spectrum alone."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np

from fits.background_choice.range_choice import RangePolicy, choose_range
from fits.backgrounds.catalogue import background
from fits.checks.bias import BiasTest, bias_test
from fits.checks.goodness_of_fit import saturated_statistic
from fits.checks.goodness_toys import (
    anderson_darling,
    goodness_by_toys,
    kolmogorov_smirnov,
    merged_chi_square,
)
from fits.checks.spurious_signal import spurious_signal
from fits.fit import SpectrumFit, fit_background
from fits.parallel import in_parallel
from fits.resonance_categories import FittedCategory, Found
from fits.spectrum import FloatArray, Spectrum

# Functions that the background could be instead, with their usual numbers of parameters.
ALTERNATIVES = ("dijet", "modified_dijet", "modified_exponential", "ua2")
_ERRORS_INJECTED = 2.0  # about an expected limit


def check_goodness(found: Found) -> dict[str, Any]:
    """Goodness of fit by toys, with several statistics."""
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


def check_range(found: Found) -> dict[str, Any]:
    """The mass range to which CMS would narrow each spectrum for a signal at the largest excess."""
    smooth, shape = found.settings.background, found.signal(found.scan.most_significant.mass)
    policy = RangePolicy(largest_relative_error=smooth.largest_relative_error)
    return {
        category.name: choose_range(
            category.null.spectrum,
            shape,
            family=smooth.backgrounds,
            policy=policy,
            threshold=replace(smooth, choice="f-test").level,
        ).to_json()
        for category in found.categories
    }


def check_bias(found: Found) -> dict[str, Any]:
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


def check_spurious_signal(found: Found) -> dict[str, Any]:
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
