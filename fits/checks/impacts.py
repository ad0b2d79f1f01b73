"""Pulls of the nuisance parameters, and what each of them does to the parameter of interest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fits.likelihood.binned import Constraint
from fits.likelihood.profile import ProfileLikelihood
from fits.likelihood.profile_interval import ProfileInterval, profile_interval
from fits.results import FitResult, FitStatus

_NAN = float("nan")
Pair = tuple[float, float]


@dataclass(frozen=True)
class Impact:
    """One nuisance parameter after the fit; numbers are NaN unless `status` says that they may be used.

    `pull` is its distance to the centre of the constraint in units of the constraint, `pull_errors` its
    profile errors (down, up) in the same units; a parameter without constraint has its value and errors
    there. `impacts` are the changes of the parameter of interest when it goes to its lower and its upper end.
    """

    parameter: str
    status: FitStatus
    pull: float = _NAN
    pull_errors: Pair = (_NAN, _NAN)
    impacts: Pair = (_NAN, _NAN)

    @property
    def size(self) -> float:
        """The larger of the two changes."""
        return max(abs(change) for change in self.impacts)


@dataclass(frozen=True)
class Impacts:
    """The parameter of interest with its profile errors, and the nuisances, that of largest impact first."""

    interval: ProfileInterval
    nuisances: tuple[Impact, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        rows = [
            {"parameter": row.parameter, "status": str(row.status)}
            | {"pull": row.pull, "pull_errors": row.pull_errors, "impacts": row.impacts}
            for row in self.nuisances
        ]
        return {"result": self.interval.to_json(), "nuisances": rows}


def impacts(profile: ProfileLikelihood, nuisances: Sequence[str] | None = None) -> Impacts:
    """Pulls and impacts of nuisance parameters, by default of all constrained ones.

    Each goes to the ends of its own 68 % profile interval, and all others are fitted there. Fits that fail
    leave a status.
    """
    if nuisances is None:
        nuisances = [constraint.parameter for constraint in profile.likelihood.constraints]
    best = profile.fit()
    interval = profile_interval(profile, best=best)
    if not best.converged:
        return Impacts(interval, tuple(Impact(name, best.status) for name in nuisances))
    rows = [_impact(profile, name, best) for name in nuisances if name not in profile.fixed]
    return Impacts(interval, tuple(sorted(rows, key=lambda row: -np.nan_to_num(row.size, nan=np.inf))))


def group_errors(profile: ProfileLikelihood, groups: Mapping[str, Sequence[str]]) -> dict[str, Pair]:
    """Part of the error (down, up) of the parameter of interest that comes from groups of nuisances.

    The group is held at its fitted values, and what is then missing in quadrature is its part; NaN if a fit
    failed or an error is not closed. The key `all else` has what is left with all groups held, for example
    the statistical error.
    """
    best = profile.fit()
    total = np.array(profile_interval(profile, best=best).errors)
    if not best.converged:
        return dict.fromkeys([*groups, "all else"], (_NAN, _NAN))

    def left(names: Sequence[str]) -> np.ndarray:
        held = {name: best.parameters[name] for name in names}
        return np.array(profile_interval(profile.holding(held)).errors)

    def pair(squares: np.ndarray) -> Pair:
        down, up = np.sqrt(np.maximum(squares, 0.0)).tolist()
        return down, up

    parts = {group: pair(total**2 - left(names) ** 2) for group, names in groups.items()}
    everything = [name for names in groups.values() for name in names]
    return parts | {"all else": pair(left(everything) ** 2)}


def _impact(profile: ProfileLikelihood, name: str, best: FitResult) -> Impact:
    interval = profile_interval(profile, name, best=best)
    if interval.status != FitStatus.CONVERGED or interval.best is None:
        return Impact(name, interval.status)
    constraint = next((c for c in profile.likelihood.constraints if c.parameter == name), Constraint(name))
    down, up = interval.errors
    changes = [_change(profile, name, end, best) for end in (interval.low, interval.high)]
    return Impact(
        name,
        FitStatus.CONVERGED if np.all(np.isfinite(changes)) else FitStatus.NOT_CONVERGED,
        (interval.best - constraint.centre) / constraint.width,
        (down / constraint.width, up / constraint.width),
        (changes[0], changes[1]),
    )


def _change(profile: ProfileLikelihood, name: str, value: float | None, best: FitResult) -> float:
    """Of the parameter of interest if a nuisance has a value; NaN if there is none or the fit fails."""
    if value is None:
        return _NAN
    end = profile.fit({name: value}, best.parameters, confirmation="newton")
    return end.parameters[profile.parameter] - best.parameters[profile.parameter] if end.converged else _NAN
