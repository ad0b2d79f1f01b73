"""Checks of what a search for a resonance says about the signal, of all categories together.

Where one mass is needed, it is that of the largest excess.
"""

from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from fits.background_choice.discrete_profiling import discrete_profile
from fits.checks.channel_compatibility import channel_compatibility
from fits.checks.impacts import group_errors, impacts
from fits.likelihood.profile import ProfileLikelihood
from fits.likelihood.profile_interval import profile_interval
from fits.likelihood.scan import scan_likelihood
from fits.limits.feldman_cousins import toy_interval
from fits.limits.toy_limits import toy_upper_limit
from fits.parallel import in_parallel
from fits.resonance_categories import NO_UNCERTAINTIES, Found, search_model
from fits.significance.bump_hunter import hunt_bumps
from fits.significance.discovery_reach import discovery_reach
from fits.spectrum import FloatArray, coarse

_REACH, _POINTS = 3.0, 25  # standard deviations and values of scans of the signal yield
_TRIED = 11  # values of an interval by toys


def check_impacts(found: Found) -> dict[str, Any]:
    """Pulls and impacts of the uncertainties of the signal, and what they make of its error."""
    model = found.model()
    profile = model.profile_likelihood()
    groups = group_errors(profile, {"signal": model.nuisances}) if model.nuisances else {}
    return _at_excess(found) | impacts(profile).to_json() | {"groups": groups}


def check_compatibility(found: Found) -> dict[str, Any]:
    """Whether the categories agree on the signal."""
    return _at_excess(found) | channel_compatibility(found.model()).to_json()


def check_likelihood_scan(found: Found) -> dict[str, Any]:
    """Profile of the likelihood along the signal yield, with and without the uncertainties of the signal."""
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


def check_discrete_profiling(found: Found) -> dict[str, Any]:
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


def check_discovery_reach(found: Found) -> list[dict[str, Any]]:
    """Events with which 3 and 5 standard deviations are expected, at each mass."""
    return in_parallel(partial(_reach_at, found), found.settings.masses, found.settings.workers)


def _reach_at(found: Found, mass: float) -> dict[str, Any]:
    return {"mass": mass} | discovery_reach(found.model(mass).profile_likelihood()).to_json()


def check_bump_hunter(found: Found) -> dict[str, Any]:
    """The most significant window of each spectrum."""
    nulls = [category.null for category in found.categories]
    edges = coarse(nulls[0].spectrum, minimum=1).edges
    return hunt_bumps(nulls, found.settings.check_toys, found.generator("bump-hunter"), edges=edges).to_json()


def check_feldman_cousins(found: Found) -> dict[str, Any]:
    """Interval of the signal yield by toys."""
    profile = found.model().profile_likelihood()
    values = np.unique(np.maximum(_around(profile, _TRIED), 0.0))
    rng, n_toys = found.generator("feldman-cousins"), found.settings.check_toys
    return _at_excess(found) | asdict(toy_interval(profile, values.tolist(), n_toys, rng))


def check_toy_limit(found: Found) -> dict[str, Any]:
    """Upper limit on the signal yield by toys."""
    profile = found.model().profile_likelihood()
    limit = toy_upper_limit(profile, found.settings.check_toys, found.generator("toy-limit"))
    return _at_excess(found) | limit.to_json()


def _at_excess(found: Found) -> dict[str, Any]:
    excess = found.scan.most_significant
    return {"mass": excess.mass, "quality": excess.quality}


def _around(profile: ProfileLikelihood, n_values: int) -> FloatArray:
    """Values of the signal yield about the fitted one, above its lower bound."""
    best = profile.fit().require_convergence("fit with signal before a scan of its yield")
    value, error = best.parameters[profile.parameter], best.errors[profile.parameter]
    lowest, _ = profile.bounds[profile.parameter]
    # A yield at its bound has no error: that of the same number of events.
    reach = _REACH * (error or np.sqrt(max(abs(value), 1.0)))
    return np.linspace(max(value - reach, lowest), value + reach, n_values)
