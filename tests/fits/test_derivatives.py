"""Backgrounds against automatic differentiation of their formulas, signals against finite differences."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fits.backgrounds.catalogue import BACKGROUND_NAMES, background_family
from fits.backgrounds.families import Dijet, bin_quadrature
from fits.fit import fit_background
from fits.likelihood.binned import Category, Constraint, Likelihood
from fits.likelihood.signal_term import Effect, SignalTerm
from fits.signals import BreitWigner, DoubleCrystalBall, Gaussian, Template
from fits.spectrum import Spectrum
from tests.fits.likelihood.test_kernel import slopes

EDGES = np.linspace(2000.0, 4000.0, 26)
COUNTS = np.random.default_rng(8).poisson(3e4 * (EDGES[1:] / 2000) ** -6.0).astype(float)
BACKGROUNDS = [member for name in BACKGROUND_NAMES for member in background_family(name)]
RNG = np.random.default_rng(9)
SIGNALS = {
    "double Crystal Ball": DoubleCrystalBall(3900, 95, 1.19, 3.1, 1.77, 9.0),
    "Gaussian": Gaussian(3000, 90),
    "wide Gaussian": Gaussian.of_width(3000, 0.1, 0.03),
    "Breit-Wigner": BreitWigner.of_width(3000, 0.05, 0.03),
    "template": Template.from_values(RNG.normal(3000, 90, 20000), np.arange(2391, 3610, 61)),
}
EFFECTS = {"efficiency": Effect(1.1), "mass_scale": Effect(mean=0.01), "mass_resolution": Effect(width=0.1)}
moves = st.lists(st.floats(-2, 2), min_size=7, max_size=7).map(np.array)
few_examples = settings(max_examples=5, deadline=None)


@cache
def fitted(background):
    return fit_background(Spectrum(EDGES, COUNTS), background, confirmation="none")


def automatic(background, internal, transform):
    """Value, gradient and Hessian of the Poisson likelihood, written down once more for TensorFlow."""
    tf = pytest.importorskip("tensorflow")
    znp = pytest.importorskip("zfit").z.numpy
    masses, weights = bin_quadrature(EDGES)
    point = tf.Variable(internal)
    with tf.GradientTape(persistent=True) as outer:
        with tf.GradientTape() as inner:
            values = tf.linalg.matvec(tf.constant(transform), point)
            columns = background.columns(tf.constant(masses), znp)
            density = tf.exp(sum(values[i] * column for i, column in enumerate(columns)))
            expected = tf.reduce_sum(weights * density, axis=0)
            value = tf.reduce_sum(expected - COUNTS * tf.math.log(expected))
        gradient = inner.gradient(value, point)
    hessian = outer.jacobian(gradient, point, experimental_use_pfor=False)
    saturated = np.sum(COUNTS - COUNTS * np.log(np.maximum(COUNTS, 1)))
    return float(value) - saturated, gradient.numpy(), hessian.numpy()


@pytest.mark.parametrize("background", BACKGROUNDS, ids=lambda background: background.name)
@few_examples
@given(moves)
def test_backgrounds_agree_with_automatic_differentiation(background, move):
    fit = fitted(background)
    likelihood = fit.likelihood
    # About two standard deviations from the minimum in every direction: the basis is orthonormal.
    point = likelihood.internal(fit.result.values) + move[: len(likelihood.names)]
    value, gradient, hessian = automatic(background, point, likelihood.transform)
    assert likelihood.value(point) == pytest.approx(value, rel=1e-9, abs=1e-7)
    np.testing.assert_allclose(likelihood.gradient(point), gradient, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(likelihood.hessian(point), hessian, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("n_nodes", [None, 1])
@pytest.mark.parametrize("name", SIGNALS)
@few_examples
@given(moves)
def test_signals_agree_with_finite_differences(name, n_nodes, move):
    background = fitted(Dijet(2))
    signal = SignalTerm(SIGNALS[name], EDGES, EFFECTS, n_nodes=n_nodes)
    terms = (background.background_term, signal)
    likelihood = Likelihood([Category(COUNTS, terms)], [Constraint(effect, 0.1) for effect in EFFECTS])
    point = likelihood.internal(background.result.parameters | {"signal_yield": 300.0})
    point[len(background.result.names) + 1 :] += move[:3]
    accuracy = 1e-3 if name == "template" else 1e-6
    pairs = [(likelihood.gradient(point), slopes(likelihood.value, point))]
    # The slope of the density of a template jumps between its bins: finite differences across cannot tell.
    if name != "template":
        pairs.append((likelihood.hessian(point), slopes(likelihood.gradient, point)))
    for exact, numeric in pairs:
        np.testing.assert_allclose(exact, numeric, atol=accuracy * np.abs(exact).max(), rtol=accuracy)
