"""Minimisation by Newton's method with the exact Hessian, confirmed by a second minimisation."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from fits.likelihood.binned import Likelihood
from fits.results import FitResult, FitStatus
from fits.spectrum import FloatArray

Confirmation = Literal["migrad", "newton", "none"]
Bounds = Mapping[str, tuple[float, float]]
_Slopes = tuple[FloatArray, FloatArray]  # gradient and Hessian at the end of a minimisation

_EDM_TOLERANCE = 1e-8
_MAX_ITERATIONS = 100
# A second minimisation may stop a little above ours, hardly ever below.
_ABOVE, _BELOW = 1e-3, 1e-6
# Standard deviations in every coordinate, where a second minimisation starts; nearer ones if it ends higher:
# with few events a signal and a steep background have several minima.
_DISTANCES = (1.5, 0.3, 0.06)
_HIGHEST = 3.0  # rise of the likelihood per parameter where a second minimisation starts


@dataclass(frozen=True, eq=False)
class _Region:
    """Box of allowed internal coordinates, and which of them may move."""

    low: FloatArray
    high: FloatArray
    free: npt.NDArray[np.bool_]

    def active(self, point: FloatArray, gradient: FloatArray) -> npt.NDArray[np.bool_]:
        """Coordinates that may move downhill."""
        blocked = ((point <= self.low) & (gradient > 0)) | ((point >= self.high) & (gradient < 0))
        return self.free & ~blocked


@dataclass(frozen=True, eq=False)
class _End:
    point: FloatArray
    value: float
    edm: float
    n_iterations: int
    converged: bool


def minimise(
    likelihood: Likelihood,
    start: Mapping[str, float],
    *,
    bounds: Bounds | None = None,
    fixed: tuple[str, ...] = (),
    confirmation: Confirmation = "migrad",
) -> FitResult:
    """Minimum of a likelihood from physical starting values (those not named start at zero).

    `bounds` and `fixed` refer to parameters that are their own internal coordinate (yields and nuisances).
    `confirmation` says how the minimum is checked: by MIGRAD on the same function with gradient, by Newton's
    method from a displaced start, or not at all. Never raises for a fit that fails: look at `status`.
    """
    region = _region(likelihood, bounds or {}, fixed)
    first = np.clip(likelihood.internal(start), region.low, region.high)
    end = _newton(likelihood, first, region)
    if not end.converged or confirmation == "none":
        return _result(likelihood, end, region)
    return _confirmed(likelihood, end, region, confirmation)


def _region(likelihood: Likelihood, bounds: Bounds, fixed: tuple[str, ...]) -> _Region:
    ends = [bounds.get(name, (-np.inf, np.inf)) for name in likelihood.names]
    low, high = np.array(ends, dtype=float).T
    return _Region(low, high, np.array([name not in fixed for name in likelihood.names]))


def _newton(likelihood: Likelihood, start: FloatArray, region: _Region) -> _End:
    point, edm, value = start, np.inf, likelihood.value(start)
    if not np.isfinite(value):
        return _End(point, value, edm, 0, converged=False)
    for iteration in range(1, _MAX_ITERATIONS + 1):
        gradient, hessian = likelihood.derivatives(point)
        step = _step(region, point, gradient, hessian)
        edm = -0.5 * float(gradient @ step)
        moved = _backtrack(likelihood, region, (point, value), step, gradient)
        if moved is None:
            return _End(point, value, edm, iteration, converged=edm < _EDM_TOLERANCE)
        point, value = moved
        if edm < _EDM_TOLERANCE:
            return _End(point, value, edm, iteration, converged=True)
    return _End(point, value, edm, _MAX_ITERATIONS, converged=False)


def _step(region: _Region, point: FloatArray, gradient: FloatArray, hessian: FloatArray) -> FloatArray:
    """Newton step inside the region: what would cross a bound goes to it, and the others follow."""
    step, free = np.zeros_like(point), region.active(point, gradient)
    below, above = region.low - point, region.high - point
    while free.any():
        pull = gradient + hessian @ np.where(free, 0.0, step)
        step[free] = _downhill(hessian[np.ix_(free, free)], pull[free])
        beyond = free & ((step < below) | (step > above))
        if not beyond.any():
            break
        step, free = np.clip(step, below, above), free & ~beyond
    return step


def _downhill(hessian: FloatArray, gradient: FloatArray) -> FloatArray:
    """Newton step; the diagonal is raised until the matrix is positive definite."""
    scale = np.diag(np.maximum(np.abs(np.diag(hessian)), 1e-12))
    for damping in (0.0, 1e-3, 1e-2, 0.1, 1.0, 10.0):
        try:
            factor = np.linalg.cholesky(hessian + damping * scale)
        except np.linalg.LinAlgError:
            continue
        return -np.linalg.solve(factor.T, np.linalg.solve(factor, gradient))
    return -gradient / np.diag(scale)


def _backtrack(
    likelihood: Likelihood,
    region: _Region,
    here: tuple[FloatArray, float],
    step: FloatArray,
    gradient: FloatArray,
) -> tuple[FloatArray, float] | None:
    """First point along the step that lowers the value enough, or None if there is none."""
    point, value = here
    # Rounding of the sum over bins grows with the number of events: an absolute tolerance never ends at 1e7
    # events.
    rounding = 1e-14 * (likelihood.n_events + abs(value))
    for length in 0.5 ** np.arange(30):
        trial = np.clip(point + length * step, region.low, region.high)
        trial_value = likelihood.value(trial)
        if trial_value <= value + 1e-4 * float(gradient @ (trial - point)) + rounding:
            return trial, trial_value
    return None


def _confirmed(likelihood: Likelihood, end: _End, region: _Region, confirmation: Confirmation) -> FitResult:
    for distance in _DISTANCES:
        slopes = likelihood.derivatives(end.point)
        other = _second_minimum(likelihood, end, slopes, region, confirmation, distance)
        if other.value < end.value - _BELOW:
            # The other one is better: go on from there, and let the first minimiser have the last word.
            end = _newton(likelihood, other.point, region)
            slopes = likelihood.derivatives(end.point)
            other = _second_minimum(likelihood, end, slopes, region, confirmation, distance)
        result = _result(likelihood, end, region, slopes)
        agreed = end.converged and -_BELOW <= other.value - end.value <= _ABOVE
        if agreed or not result.converged:
            return result
    return replace(result, status=FitStatus.NOT_CONFIRMED)


def _second_minimum(
    likelihood: Likelihood,
    end: _End,
    slopes: _Slopes,
    region: _Region,
    confirmation: Confirmation,
    distance: float,
) -> _End:
    gradient, hessian = slopes
    errors = 1 / np.sqrt(np.maximum(np.abs(np.diag(hessian)), 1e-12))
    away = np.where(region.active(end.point, gradient), distance * errors, 0.0)
    start = _displaced(likelihood, end, region, away)
    if confirmation == "newton":
        return _newton(likelihood, start, region)
    return _migrad(likelihood, start, region, errors)


def _displaced(likelihood: Likelihood, end: _End, region: _Region, distances: FloatArray) -> FloatArray:
    """A point that far away in every coordinate, inside the region and possible."""
    away = distances * (-1.0) ** np.arange(len(distances))
    # At most half the way to a bound: on the bound itself MIGRAD cannot move.
    away = np.clip(away, 0.5 * (region.low - end.point), 0.5 * (region.high - end.point))
    # With few events the likelihood is far from a parabola: go only where a parabola would be that high.
    for length in 0.5 ** np.arange(12):
        if likelihood.value(end.point + length * away) < end.value + _HIGHEST * len(away):
            return end.point + length * away
    return end.point


def _migrad(likelihood: Likelihood, start: FloatArray, region: _Region, errors: FloatArray) -> _End:
    from iminuit import Minuit

    minuit = Minuit(likelihood.value, start, grad=likelihood.gradient, name=likelihood.names)
    minuit.errordef = Minuit.LIKELIHOOD
    minuit.strategy = 0
    minuit.tol = 0.01  # ten times below the default, with which it may stop 1e-3 above the minimum
    minuit.errors = errors
    blocked = (start <= region.low) | (start >= region.high)
    minuit.fixed = list(~region.free | blocked)
    minuit.limits = [tuple(ends) for ends in np.stack([region.low, region.high], axis=1).tolist()]
    minuit.migrad()
    return _End(
        np.array(minuit.values), float(minuit.fval or 0.0), minuit.fmin.edm, minuit.nfcn, bool(minuit.valid)
    )


def _result(likelihood: Likelihood, end: _End, region: _Region, slopes: _Slopes | None = None) -> FitResult:
    covariance, definite = _covariance(likelihood, end, region, slopes)
    at_bound = np.any(region.free & ((end.point <= region.low) | (end.point >= region.high)))
    status = FitStatus.AT_BOUND if at_bound else FitStatus.CONVERGED
    if not definite:
        status = FitStatus.NO_COVARIANCE
    if not end.converged:
        status = FitStatus.NOT_CONVERGED
    values = likelihood.physical(end.point)
    return FitResult(status, likelihood.names, values, covariance, end.value, end.edm, end.n_iterations)


def _covariance(
    likelihood: Likelihood, end: _End, region: _Region, slopes: _Slopes | None
) -> tuple[FloatArray, bool]:
    """Inverse Hessian in physical parameters, zero for parameters that are held or at a bound."""
    internal = np.zeros_like(likelihood.transform)
    if not np.isfinite(end.value):
        return internal, False
    _, hessian = slopes or likelihood.derivatives(end.point)
    free = region.free & (end.point > region.low) & (end.point < region.high)
    inner = hessian[np.ix_(free, free)]
    if not np.all(np.isfinite(inner)) or np.min(np.linalg.eigvalsh(inner), initial=1.0) <= 0:
        return internal, False
    internal[np.ix_(free, free)] = np.linalg.inv(inner)
    return likelihood.transform @ internal @ likelihood.transform.T, True
