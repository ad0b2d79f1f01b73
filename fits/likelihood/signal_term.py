"""A signal, or any other process of known shape, times its yield, with the effects of nuisance parameters.

Conventions are those of CMS Combine: a log-normal effect multiplies the yield by kappa^nuisance, shapes move
linearly, mean = mean0 (1 + effect * nuisance), and templates are deformed vertically
(`fits.likelihood.morphing`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from errors import MaplessError
from fits.likelihood.kernel import Evaluation
from fits.likelihood.morphing import VerticalMorphing, smooth_step
from fits.signals import SignalShape
from fits.signals.bin_probabilities import BinProbabilities, Contraction
from fits.spectrum import FloatArray

_JOINT = 0.5  # standard deviations from zero, where both factors of a pair meet smoothly


@dataclass(frozen=True)
class Effect:
    """What one standard deviation of a nuisance parameter does to a process.

    `kappa` multiplies the yield (log-normal; a pair gives the factors of -1 and +1 standard deviations),
    `mean` and `width` are relative shifts of the shape. `bins` are changes of the probability of each bin, at
    -1 and +1 standard deviations: see `template_effect`. With `rate=True` the parameter itself multiplies
    the yield: Combine's rateParam. Raises MaplessError for factors that are not above zero.

    >>> Effect(kappa=1.016)
    Effect(kappa=1.016, mean=0.0, width=0.0, rate=False)
    """

    kappa: float | tuple[float, float] = 1.0
    mean: float = 0.0
    width: float = 0.0
    rate: bool = False
    bins: tuple[tuple[float, ...], tuple[float, ...]] = field(default=((), ()), repr=False)

    def __post_init__(self) -> None:
        if not np.all(np.isfinite([*self.logs, self.mean, self.width, *self.bins[0], *self.bins[1]])):
            raise MaplessError(
                f"effect with kappa {self.kappa}, mean {self.mean:g}, width {self.width:g}: factors on a "
                "yield are above zero (1.1 for 10 %), shifts are finite numbers"
            )

    @property
    def logs(self) -> tuple[float, float]:
        """Change of ln(yield) per standard deviation, downwards and upwards."""
        with np.errstate(divide="ignore", invalid="ignore"):
            if isinstance(self.kappa, tuple):
                return -float(np.log(self.kappa[0])), float(np.log(self.kappa[1]))
            return (float(np.log(self.kappa)),) * 2


def template_effect(
    nominal: FloatArray, down: FloatArray, up: FloatArray, *, separate_yield: bool = True
) -> Effect:
    """Effect that turns a template into others at -1 and +1 standard deviations; all are events (n_bins,).

    As for `shape` in Combine the yield changes by a log-normal factor and only what is left deforms the
    template; with `separate_yield=False` the change of the yield is part of it, as for histosys in
    HistFactory. Raises MaplessError for templates without events.

    >>> template_effect(np.array([2.0, 2.0]), np.array([1.0, 1.0]), np.array([6.0, 2.0])).kappa
    (0.5, 2.0)
    """
    totals = np.array([np.sum(template) for template in (nominal, down, up)])
    if not np.all(totals > 0):
        raise MaplessError("a template that a nuisance parameter deforms has no events; leave the effect out")
    scales = totals[1:] if separate_yield else totals[[0, 0]]
    low, high = (
        tuple((np.asarray(template) / scale - np.asarray(nominal) / totals[0]).tolist())
        for template, scale in zip((down, up), scales, strict=True)
    )
    kappa = tuple((totals[1:] / totals[0]).tolist()) if separate_yield else 1.0
    return Effect(kappa, bins=(low, high))


@dataclass(frozen=True, eq=False)
class SignalTerm:
    """Expected counts yield * events * prod_k factor_k * probability(bin), a term of a likelihood.

    `events` inside the edges are expected for a yield parameter of one: with `events=1` the parameter counts
    events, with luminosity times efficiency it is a cross section. `effects` by name of the nuisance
    parameter; a likelihood constrains them. `n_nodes=1` takes the density at bin centres instead of the
    integral over each bin, as Combine does by default. `probabilities` may be shared by terms of the same
    shape and edges.
    """

    shape: SignalShape
    edges: FloatArray
    effects: Mapping[str, Effect] = field(default_factory=dict)
    events: float = 1.0
    yield_name: str = "signal_yield"
    n_nodes: int | None = None
    probabilities: BinProbabilities = field(default=None, repr=False)  # type: ignore[assignment]
    parameters: tuple[str, ...] = field(init=False)
    transform: FloatArray = field(init=False)
    _logs: FloatArray = field(init=False, repr=False)  # (2, n): mean and half difference of ln(kappa)
    _rates: FloatArray = field(init=False, repr=False)  # (n,) bool
    _shifts: FloatArray = field(init=False, repr=False)  # (2, n): relative, of mean and width
    _morphing: VerticalMorphing | None = field(init=False, repr=False)
    _moves: FloatArray = field(init=False, repr=False)  # (2 or 2 + n, 1 + n): of the shape, by each parameter

    def __post_init__(self) -> None:
        effects = list(self.effects.values())
        low, high = np.array([effect.logs for effect in effects], dtype=float).reshape(-1, 2).T
        shifts = np.array([[e.mean, e.width] for e in effects], dtype=float).reshape(-1, 2).T
        morphing = _morphing(effects, len(self.edges) - 1)
        moves = shifts if morphing is None else np.vstack([shifts, np.eye(len(effects))])
        derived = {
            "parameters": (self.yield_name, *self.effects),
            "transform": np.eye(1 + len(effects)),
            "_logs": np.stack([high + low, high - low]) / 2,
            "_rates": np.array([effect.rate for effect in effects], dtype=bool),
            "_shifts": shifts,
            "_morphing": morphing,
            "_moves": np.hstack([np.zeros((len(moves), 1)), moves]),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)
        if self.probabilities is None:
            fresh = BinProbabilities(self.shape, self.edges, self.n_nodes)
            object.__setattr__(self, "probabilities", fresh)

    @property
    def nominal(self) -> FloatArray:
        """Parameters (n,) for a yield of one and nuisances that change nothing."""
        return np.concatenate([[1.0], self._rates.astype(float)])

    def rigid(self) -> "SignalTerm":
        """The same where nuisance parameters only change the yield."""
        effects = {
            name: replace(effect, mean=0.0, width=0.0, bins=((), ())) for name, effect in self.effects.items()
        }
        return replace(self, effects=effects)

    def expected(self, internal: FloatArray) -> FloatArray:
        """Expected counts (n_bins,); NaN where a width or mean is not above zero."""
        nuisances = internal[..., 1:]
        amplitude = internal[..., 0] * self.events * np.exp(self._exponents(nuisances)[0].sum(axis=-1))
        shape = self.probabilities.nominal
        if self._shifts.any():
            shape = self.probabilities.at(nuisances @ self._shifts.T)
        if self._morphing is not None:
            shape = shape + self._morphing.at(nuisances)
        return amplitude[..., None] * shape

    def evaluate(self, internal: FloatArray) -> Evaluation:
        """Expected counts with derivatives."""
        exponents, slopes, bends = self._exponents(internal[..., 1:])
        per_unit = self.events * np.exp(exponents.sum(axis=-1))[..., None]
        amplitude = per_unit * internal[..., :1]
        # First derivatives of the amplitude and of the probabilities; the yield does not move the shape.
        slope = np.concatenate([per_unit, amplitude * slopes], axis=-1)
        if self._morphing is None and not self._shifts.any():
            shape = self.probabilities.nominal
            return Evaluation(
                amplitude * shape,
                shape[:, None] * slope[..., None, :],
                lambda weights: (weights @ shape)[..., None, None] * _second(amplitude, slope, slopes, bends),
            )
        shape, first, bent = self._shape(internal[..., 1:])
        moves = self._moves

        def curvature(weights: FloatArray) -> FloatArray:
            total = np.einsum("...b,...b->...", weights, shape)[..., None, None]
            mixed = slope[..., :, None] * (_summed(weights, first) @ moves)[..., None, :]
            peak = amplitude[..., None] * (moves.T @ bent(weights) @ moves)
            return total * _second(amplitude, slope, slopes, bends) + mixed + mixed.swapaxes(-1, -2) + peak

        jacobian = shape[..., None] * slope[..., None, :] + first @ (amplitude[..., None] * moves)
        return Evaluation(amplitude * shape, jacobian, curvature)

    def _shape(self, nuisances: FloatArray) -> tuple[FloatArray, FloatArray, Contraction]:
        """Probabilities (n_bins,), and derivatives in what `_moves` move: mean, width, and deformations."""
        shape, first, bent = self.probabilities.with_derivatives(nuisances @ self._shifts.T)
        if self._morphing is None:
            return shape, first, bent
        change, slope, bend = self._morphing.with_derivatives(nuisances)

        def both(weights: FloatArray) -> FloatArray:
            second = np.zeros((*nuisances.shape[:-1], *(2 + nuisances.shape[-1],) * 2))
            second[..., :2, :2] = bent(weights)
            second[..., 2:, 2:] = _summed(weights, bend)[..., None] * np.eye(nuisances.shape[-1])
            return second

        return shape + change, np.concatenate([first, slope], axis=-1), both

    def _exponents(self, nuisances: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Logarithms of the factors on the yield, with first and second derivatives, each (n,)."""
        average, half = self._logs
        value, slope, bend = average * nuisances, average + 0 * nuisances, np.zeros_like(nuisances)
        if half.any():
            smooth, smooth1, smooth2 = smooth_step(nuisances, _JOINT)
            value += half * nuisances * smooth
            slope += half * (smooth + nuisances * smooth1)
            bend += half * (2 * smooth1 + nuisances * smooth2)
        if self._rates.any():
            rates = nuisances[..., self._rates]
            with np.errstate(divide="ignore", invalid="ignore"):
                value[..., self._rates] += np.log(rates)
                slope[..., self._rates] += 1 / rates
                bend[..., self._rates] -= 1 / rates**2
        return value, slope, bend


def _morphing(effects: list[Effect], n_bins: int) -> VerticalMorphing | None:
    if not any(any(effect.bins) for effect in effects):
        return None
    changes = np.zeros((2, len(effects), n_bins))
    for place, effect in enumerate(effects):
        if any(effect.bins):
            if {len(side) for side in effect.bins} != {n_bins}:
                raise MaplessError(f"a deformed template has other bins than its {n_bins}")
            changes[:, place] = effect.bins
    return VerticalMorphing(*changes)


def _summed(weights: FloatArray, per_bin: FloatArray) -> FloatArray:
    """Sum (n,) over bins of weights (n_bins,) times something (n_bins, n), for any leading axes."""
    return (weights[..., None, :] @ per_bin)[..., 0, :]


def _second(amplitude: FloatArray, slope: FloatArray, slopes: FloatArray, bends: FloatArray) -> FloatArray:
    """Second derivatives of the amplitude in (yield, nuisances)."""
    second = np.zeros((*slope.shape, slope.shape[-1]))
    second[..., 0, 1:] = second[..., 1:, 0] = slope[..., :1] * slopes
    bent = slopes[..., :, None] * slopes[..., None, :]
    bent[..., np.arange(bends.shape[-1]), np.arange(bends.shape[-1])] += bends
    second[..., 1:, 1:] = amplitude[..., None] * bent
    return second
