"""Checks of a search for a resonance, by name: each gives plain types that figures and tables are made of."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from errors import MaplessError
from fits.checks.in_zfit import check_zfit
from fits.checks.of_background import check_bias, check_goodness, check_range, check_spurious_signal
from fits.checks.of_signal import (
    check_bump_hunter,
    check_compatibility,
    check_discovery_reach,
    check_discrete_profiling,
    check_feldman_cousins,
    check_impacts,
    check_likelihood_scan,
    check_toy_limit,
)
from fits.resonance_categories import Found

_CHECKS: Mapping[str, Callable[[Found], Any]] = {
    "goodness": check_goodness,
    "range": check_range,
    "bias": check_bias,
    "spurious-signal": check_spurious_signal,
    "impacts": check_impacts,
    "compatibility": check_compatibility,
    "likelihood-scan": check_likelihood_scan,
    "discrete-profiling": check_discrete_profiling,
    "discovery-reach": check_discovery_reach,
    "bump-hunter": check_bump_hunter,
    "feldman-cousins": check_feldman_cousins,
    "toy-limit": check_toy_limit,
    "zfit": check_zfit,
}


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
