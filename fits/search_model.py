"""A search in any number of categories fitted together, with one signal and nuisance parameters.

>>> import numpy as np
>>> from fits.backgrounds import Dijet, expected_counts
>>> from fits.limits.asymptotic import upper_limit
>>> from fits.signals import DoubleCrystalBall
>>> from fits.spectrum import Spectrum
>>> edges = np.arange(1500.0, 5001.0, 50.0)
>>> resonance = DoubleCrystalBall(2970, 95, 1.2, 3, 1.8, 9)
>>> jets = {"mass_scale": Effect(mean=0.01), "mass_resolution": Effect(width=0.035)}
>>> def category(name, events, efficiency):
...     falling = expected_counts(Dijet(2), [np.log(events), 9.0, 6.0], edges)
...     shared = {"luminosity": Effect(1.016), "efficiency": Effect(1.1)} | jets
...     signal = Process(resonance, events=138 * efficiency, effects=shared)
...     return SearchCategory(name, Spectrum(edges, np.round(falling)), signal, Dijet(2))
>>> model = SearchModel([category("loose", 1e-3, 0.3), category("tight", 1e-4, 0.2)], "cross_section")
>>> limit = upper_limit(model.profile_likelihood())
>>> round(limit.median, 2)  # fb, for a luminosity in inverse fb
0.43
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from errors import MaplessError
from fits.backgrounds import LogLinearBackground
from fits.fit import SpectrumFit, fit_background, lowest_yield, signal_term
from fits.likelihood.barlow_beeston import BarlowBeestonTerm, bin_parameters
from fits.likelihood.binned import Category, Constraint, Likelihood
from fits.likelihood.kernel import BackgroundTerm, Term
from fits.likelihood.minimise import Confirmation
from fits.likelihood.profile import ProfileLikelihood
from fits.likelihood.signal_term import Effect, SignalTerm
from fits.signals import SignalShape
from fits.signals.bin_probabilities import BinProbabilities
from fits.spectrum import FloatArray, Spectrum

Range = tuple[float, float]
_SMALLEST_RATE = 1e-9


@dataclass(frozen=True, eq=False)
class Process:
    """Events of one kind in one category.

    `events` are expected inside the mass range for a parameter of interest of one: luminosity times
    efficiency where that is a cross section, the predicted yield where it is a signal strength, the fraction
    of the category where it counts events. `effects` of the nuisance parameters, by name: categories that use
    the same name share the nuisance, different names are uncorrelated.
    """

    shape: SignalShape
    events: float = 1.0
    effects: Mapping[str, Effect] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (np.isfinite(self.events) and self.events > 0):
            raise MaplessError(
                f"a process with {self.events:g} events; give a number above zero (its sign and size belong "
                "to the parameter that scales it)"
            )


@dataclass(frozen=True, eq=False)
class SearchCategory:
    """One spectrum with its own background parameters, the signal in it, and other processes of known shape.

    The background may be None where templates in `others` describe it. Each of those is scaled by a parameter
    `<category>_<process>`, which is one and fixed unless `SearchModel.ranges` frees it. `statistical_errors`
    (n_bins,) are the relative ones of the sum of these templates; each bin gets a nuisance
    `<category>_bin<number>` (`fits.likelihood.barlow_beeston`). Templates that are deformed keep their errors
    as in Combine, or these follow as in HistFactory if `errors_follow_shape`. `null` is the fit of this
    background alone to this spectrum, if there is one already: it saves fitting again.
    """

    name: str
    spectrum: Spectrum
    signal: Process
    background: LogLinearBackground | None = None
    others: Mapping[str, Process] = field(default_factory=dict)
    statistical_errors: FloatArray | None = None
    errors_follow_shape: bool = False
    null: SpectrumFit | None = None

    @property
    def bin_errors(self) -> dict[str, float]:
        """Relative statistical errors by name of the parameter."""
        if self.statistical_errors is None:
            return {}
        return bin_parameters(self.statistical_errors, f"{self.name}_bin")

    def background_fit(
        self, n_nodes: int | None = None, confirmation: Confirmation = "migrad"
    ) -> SpectrumFit:
        """The fit of the background alone; MaplessError if there is none or it cannot be fitted at all."""
        if self.background is None:
            raise MaplessError(f"category {self.name} has no smooth background to fit")
        known = self.null
        if known and known.spectrum is self.spectrum and known.background == self.background and not n_nodes:
            return known
        try:
            return fit_background(self.spectrum, self.background, n_nodes=n_nodes, confirmation=confirmation)
        except MaplessError as error:
            raise MaplessError(f"category {self.name}: {error}") from None


@dataclass(frozen=True, eq=False)
class SearchModel:
    """Categories with a common parameter of interest, which multiplies the events of each signal.

    Nuisance parameters are in units of their standard deviations and have unit Gaussian constraints about
    zero, unless `constraints` say otherwise, or `ranges` lists them: those are flat between two ends
    ((-inf, inf) if free), with a Gaussian only where `constraints` adds one. Rates start at one and stay
    above zero. `n_nodes=1` evaluates at bin centres, as Combine does by default. Raises MaplessError for
    names that nothing uses, for repeated categories, and for a signal outside its spectrum.
    """

    categories: Sequence[SearchCategory]
    parameter: str = "signal_strength"
    constraints: tuple[Constraint, ...] = ()
    ranges: Mapping[str, Range] = field(default_factory=dict)
    n_nodes: int | None = None

    def __post_init__(self) -> None:
        names = [category.name for category in self.categories]
        if not names or len(set(names)) < len(names):
            raise MaplessError(f"a model needs categories of different names, not {names}")
        known = {*self._effects, *self._scales, *self._bin_errors}
        unknown = {*self.ranges, *(c.parameter for c in self.constraints)} - known - {self.parameter}
        if unknown:
            raise MaplessError(
                f"nothing uses {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}"
            )
        for category in self.categories:
            signal_term(category.spectrum, category.signal.shape)  # raises for a signal outside

    @property
    def nuisances(self) -> tuple[str, ...]:
        """Names of the nuisance parameters, those of the backgrounds left out."""
        return (*self._effects, *(name for name in self._scales if name in self.ranges), *self._bin_errors)

    def with_signal(self, shape: SignalShape) -> "SearchModel":
        """The same with another shape of the signal in every category, as for another mass."""
        changed = [replace(c, signal=replace(c.signal, shape=shape)) for c in self.categories]
        return replace(self, categories=changed)

    def profile_likelihood(self) -> ProfileLikelihood:
        """The likelihood of the data, ready for limits, significances, scans and impacts.

        Raises MaplessError for a spectrum that its background cannot be fitted to at all.
        """
        terms = _SignalTerms(self.n_nodes)
        parts = [_Part(category, self.parameter, terms) for category in self.categories]
        start = {name: float(effect.rate) for name, effect in self._effects.items()}
        start |= {c.parameter: c.centre for c in self.constraints} | {self.parameter: 0.0}
        for part in parts:
            start |= part.start
        rates = {name: (_SMALLEST_RATE, np.inf) for name, effect in self._effects.items() if effect.rate}
        bins = {name: (-1 / error, np.inf) for name, error in self._bin_errors.items()}
        lowest = max(part.lowest for part in parts)
        return ProfileLikelihood(
            Likelihood([part.category for part in parts], self._all_constraints()),
            start,
            self.parameter,
            {self.parameter: (lowest, np.inf)} | rates | bins | dict(self.ranges),
            fixed=tuple(name for name in self._scales if name not in self.ranges),
        )

    def _all_constraints(self) -> list[Constraint]:
        named = {constraint.parameter: constraint for constraint in self.constraints}
        known = (*self._effects, *self._bin_errors)
        default = [name for name in known if name not in named and name not in self.ranges]
        return [*named.values(), *map(Constraint, default)]

    @property
    def _effects(self) -> dict[str, Effect]:
        """An effect of each nuisance."""
        processes = [p for c in self.categories for p in (c.signal, *c.others.values())]
        return {name: effect for process in processes for name, effect in process.effects.items()}

    @property
    def _bin_errors(self) -> dict[str, float]:
        """Relative statistical errors of templates, by name of the parameter."""
        return {name: error for category in self.categories for name, error in category.bin_errors.items()}

    @property
    def _scales(self) -> tuple[str, ...]:
        """Parameters that scale processes other than the signal."""
        return tuple(name for category in self.categories for name in _scaled(category))


class _SignalTerms:
    """Terms of processes; those of the same shape and edges share their probabilities."""

    def __init__(self, n_nodes: int | None) -> None:
        self.n_nodes = n_nodes
        self._shared: dict[tuple[SignalShape, bytes], BinProbabilities] = {}

    def term(self, process: Process, edges: FloatArray, name: str) -> SignalTerm:
        """The process, scaled by a parameter of that name."""
        key = process.shape, edges.tobytes()
        if key not in self._shared:
            self._shared[key] = BinProbabilities(process.shape, edges, self.n_nodes)
        return SignalTerm(
            process.shape, edges, process.effects, process.events, name, self.n_nodes, self._shared[key]
        )


class _Part:
    """One category of the likelihood, starting values of its own parameters, and the lowest signal."""

    def __init__(self, category: SearchCategory, parameter: str, make: _SignalTerms) -> None:
        edges, n_nodes = category.spectrum.edges, make.n_nodes
        signal = make.term(category.signal, edges, parameter)
        others = [make.term(process, edges, name) for name, process in _scaled(category).items()]
        expected = sum((term.expected(term.nominal) for term in others), np.zeros(category.spectrum.n_bins))
        self.start = {term.yield_name: 1.0 for term in others}
        terms: list[Term] = [*(_with_errors(term, category) for term in others), signal]
        if category.background is not None:
            # Starting values: a fit that fails shows later, when the whole model is fitted from them.
            fit = category.background_fit(n_nodes, confirmation="none")
            smooth, prefix = fit.expected_background(), f"{category.name}_"
            terms.append(BackgroundTerm(category.background, edges, smooth, n_nodes, prefix))
            expected += smooth
            self.start |= {prefix + name: value for name, value in fit.result.parameters.items()}
        self.category = Category(category.spectrum.counts, tuple(terms))
        self.lowest = float(lowest_yield(expected, signal))


def _with_errors(term: SignalTerm, category: SearchCategory) -> Term:
    if category.statistical_errors is None:
        return term
    rigid = None if category.errors_follow_shape else term.rigid()
    return BarlowBeestonTerm(term, category.statistical_errors, f"{category.name}_bin", rigid)


def _scaled(category: SearchCategory) -> dict[str, Process]:
    return {f"{category.name}_{name}": process for name, process in category.others.items()}
