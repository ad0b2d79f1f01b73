"""Many fits together end where fits one by one end, for every kind of term."""

from dataclasses import replace

import numpy as np
import pytest

from fits.backgrounds import Dijet
from fits.likelihood.binned import Category, Constraint, Likelihood
from fits.likelihood.likelihood_descent import ManyData, minimise_many
from fits.likelihood.signal_term import Effect, template_effect
from fits.search_model import Process, SearchCategory, SearchModel
from fits.signals import BreitWigner, Gaussian, Template
from fits.spectrum import Spectrum
from tests.fits.search_models import EDGES, SIGNAL, background, three_categories

FALLING = background(300.0)
SHAPES = {"double Crystal Ball": SIGNAL, "Gaussian": Gaussian.of_width(3000, 0.05, 0.03)}
SHAPES["Breit-Wigner"] = BreitWigner.of_width(3000, 0.03, 0.03)
JETS = {"mass_scale": Effect(mean=0.01), "mass_resolution": Effect(width=0.1)}


def one_category(shape, n_nodes=None):
    effects = {"efficiency": Effect((0.8, 1.1)), "scale_factor": Effect(rate=True)} | JETS
    spectrum = Spectrum(EDGES, np.random.default_rng(1).poisson(FALLING))
    part = SearchCategory("one", spectrum, Process(shape, 20.0, effects), Dijet(2))
    constraints = (Constraint("scale_factor", 1.0, 0.2), Constraint("efficiency"))
    ranges = {"efficiency": (-0.5, 0.5)}
    return SearchModel([part], constraints=constraints, ranges=ranges, n_nodes=n_nodes)


def templates():
    shape = Template.of(Spectrum(EDGES, FALLING))
    tilt = np.linspace(-0.2, 0.3, len(FALLING))
    deformed = {"tilt": template_effect(FALLING, FALLING * (1 - tilt), FALLING * (1 + 0.8 * tilt))}
    known = {"known": Process(shape, 300.0, deformed)}
    counts = np.random.default_rng(2).poisson(FALLING)
    errors = np.where(FALLING > 1, 0.1, 0.0)
    part = SearchCategory("one", Spectrum(EDGES, counts), Process(SIGNAL, 20.0, JETS), None, known, errors)
    return SearchModel([part])


MODELS = {
    "three categories": three_categories(),
    "templates": templates(),
    "bin centres": one_category(SIGNAL, n_nodes=1),
    **{name: one_category(shape) for name, shape in SHAPES.items()},
}


@pytest.mark.parametrize("held", [{}, {"signal_strength": 0.5}])
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_many_fits_end_where_single_fits_end(model, held):
    profile = model.profile_likelihood().without_deficits()
    likelihood, rng = profile.likelihood, np.random.default_rng(3)
    start = likelihood.internal(profile.fit().parameters)
    counts = tuple(rng.poisson(mu, (6, len(mu))).astype(float) for mu in likelihood.expected(start))
    middle = np.array([constraint.centre for constraint in likelihood.constraints])
    widths = np.array([constraint.width for constraint in likelihood.constraints])
    data = ManyData(counts, rng.normal(middle, widths, (6, len(middle))))
    ends = minimise_many(profile, data, np.tile(start, (6, 1)), held)
    assert ends.converged.all()
    for i, (end, value) in enumerate(zip(ends.points, ends.values, strict=True)):
        categories = [Category(n[i], old.terms) for n, old in zip(counts, likelihood.categories, strict=True)]
        pairs = zip(likelihood.constraints, data.centres[i].tolist(), strict=True)
        constraints = [replace(constraint, centre=centre) for constraint, centre in pairs]
        single = replace(profile, likelihood=Likelihood(categories, constraints)).fit(held)
        assert single.converged
        assert value == pytest.approx(single.nll, abs=1e-6)
        yield_place = likelihood.names.index("signal_strength")
        error = single.errors["signal_strength"]
        found = single.parameters["signal_strength"]
        assert end[yield_place] == pytest.approx(found, abs=1e-3 * error + 1e-9)


def test_impossible_starts_fail_alone():
    profile = MODELS["double Crystal Ball"].profile_likelihood()
    likelihood = profile.likelihood
    good = likelihood.internal(profile.fit().parameters)
    bad = np.where(np.array(likelihood.names) == "mass_scale", -200.0, good)  # mean below zero
    counts = likelihood.categories[0].counts
    data = ManyData((np.stack([counts, counts]),), np.ones((2, 4)))
    ends = minimise_many(profile, data, np.stack([good, bad]))
    assert ends.converged.tolist() == [True, False]
