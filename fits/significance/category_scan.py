"""Local p-values along the mass from several categories fitted together.

>>> import numpy as np
>>> from fits.backgrounds import Dijet, expected_counts
>>> from fits.search_model import Process, SearchCategory, SearchModel
>>> from fits.signals import DoubleCrystalBall
>>> from fits.spectrum import Spectrum
>>> edges = np.arange(1500.0, 5001.0, 50.0)
>>> resonance = DoubleCrystalBall(2970, 95, 1.2, 3, 1.8, 9, mass=3000)
>>> def category(name, events, share):
...     falling = expected_counts(Dijet(2), [np.log(events), 9.0, 6.0], edges)
...     data = np.round(falling + 200 * share * resonance.bin_fractions(edges))
...     return SearchCategory(name, Spectrum(edges, data), Process(resonance, share), Dijet(2))
>>> model = SearchModel([category("loose", 1e-3, 0.6), category("tight", 1e-4, 0.4)], "signal_yield")
>>> scan = scan_categories(lambda mass: model.with_signal(resonance.scaled_to(mass)), [2500, 3000, 3500])
>>> scan.most_significant.mass, round(scan.most_significant.signal_yield, -2)
(3000.0, 200.0)
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from errors import MaplessError
from fits.checks.fit_quality import FitQuality, fit_quality, worst
from fits.checks.goodness_of_fit import chi_square_of_fit
from fits.fit import SpectrumFit
from fits.likelihood.binned import Category, Likelihood
from fits.likelihood.kernel import BackgroundTerm
from fits.likelihood.minimise import Confirmation
from fits.likelihood.signal_term import SignalTerm
from fits.results import FitResult
from fits.search_model import SearchCategory, SearchModel
from fits.significance.mass_scan import MassPoint, MassPoints


@dataclass(frozen=True, eq=False)
class CategoryScan(MassPoints):
    """Results of all categories together at every mass, with the background-only fit of each category.

    `signal_yield` is the parameter of interest of the model. Categories that other processes than a smooth
    background contribute to are not among the `nulls`.
    """

    nulls: Mapping[str, SpectrumFit]

    @property
    def converged(self) -> bool:
        """Whether the fits at all masses may be used."""
        return all(point.local_p_value is not None for point in self.points)

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON; numbers of failed fits are null."""
        backgrounds = {
            name: {"background": null.background.name, "background_fit": null.result.to_json()}
            for name, null in self.nulls.items()
        }
        return {"categories": backgrounds, "points": [asdict(point) for point in self.points]}


def scan_categories(
    model: Callable[[float], SearchModel],
    masses: Iterable[float],
    *,
    confirmation: Confirmation = "newton",
) -> CategoryScan:
    """Local p-value, significance and parameter of interest at each mass (GeV).

    `model` is a function of mass, for example `lambda mass: model.with_signal(signal(mass))`. Effects of
    nuisance parameters take part: leave them out for the p-value of the signal exactly as given. Raises
    MaplessError without masses and if a signal is outside its spectrum; a fit that fails leaves a point with
    its status only.
    """
    masses = [float(mass) for mass in masses]
    if not masses:
        raise MaplessError("a mass scan without masses; give at least one in GeV")
    models = [model(mass) for mass in masses]
    plain = [c for c in models[0].categories if c.background is not None and not c.others]
    nulls = {c.name: c.background_fit() for c in plain}
    points = [_test_mass(one, mass, nulls, confirmation) for one, mass in zip(models, masses, strict=True)]
    return CategoryScan(tuple(points), nulls)


def category_fits(model: SearchModel, result: FitResult) -> dict[str, SpectrumFit]:
    """What a fit of the whole model says about each category, as a fit of its spectrum with `signal_yield`.

    For plots and goodness of fit. Raises MaplessError for categories with other processes than signal and
    smooth background.
    """
    return {category.name: _category_fit(model, category, result) for category in model.categories}


def _test_mass(
    model: SearchModel, mass: float, nulls: Mapping[str, SpectrumFit], confirmation: Confirmation
) -> MassPoint:
    profile = model.profile_likelihood()
    fit = profile.fit(confirmation=confirmation)
    null = profile.fit({profile.parameter: 0.0}, confirmation=confirmation)
    if not null.converged:
        return MassPoint(mass, f"background-only fit {null.status}")
    if not fit.converged:
        return MassPoint(mass, str(fit.status))
    return MassPoint.of(mass, null.nll, fit, profile.parameter, str(_quality(model, nulls, fit)))


def _quality(model: SearchModel, nulls: Mapping[str, SpectrumFit], fit: FitResult) -> FitQuality:
    """How the fit describes the category that it describes worst; templates are not tested."""
    if len(nulls) < len(model.categories):
        return FitQuality.UNTESTED
    parts = category_fits(model, fit)
    return worst(
        fit_quality(chi_square_of_fit(null), chi_square_of_fit(parts[name])) for name, null in nulls.items()
    )


def _category_fit(model: SearchModel, category: SearchCategory, result: FitResult) -> SpectrumFit:
    background, signal, edges = category.background, category.signal, category.spectrum.edges
    if background is None or category.others:
        raise MaplessError(f"category {category.name} has other processes than signal and smooth background")
    own = [f"{category.name}_{name}" for name in background.parameters]
    places = [result.names.index(name) for name in (*own, model.parameter, *signal.effects)]
    names = (*background.parameters, "signal_yield", *signal.effects)
    units = np.where(np.array(names) == "signal_yield", signal.events, 1.0)
    values = units * result.values[places]
    covariance = np.outer(units, units) * result.covariance[np.ix_(places, places)]
    smooth = BackgroundTerm(background, edges, np.maximum(category.spectrum.counts, 1.0), model.n_nodes)
    peak = SignalTerm(signal.shape, edges, signal.effects, n_nodes=model.n_nodes)
    likelihood = Likelihood([Category(category.spectrum.counts, (smooth, peak))])
    nll = likelihood.value(likelihood.internal(values))
    part = FitResult(result.status, names, values, covariance, nll, result.edm, result.n_iterations)
    return SpectrumFit(category.spectrum, background, part, likelihood)
