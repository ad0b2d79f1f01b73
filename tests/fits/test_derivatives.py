"""Backgrounds and templates against automatic differentiation, signals against finite differences."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fits.backgrounds.catalogue import BACKGROUND_NAMES, background_family
from fits.backgrounds.families import Dijet, bin_quadrature
from fits.fit import fit_background
from fits.likelihood.barlow_beeston import BarlowBeestonTerm
from fits.likelihood.binned import Category, Constraint, Likelihood
from fits.likelihood.signal_term import Effect, SignalTerm, template_effect
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


def automatic(expectation, internal, counts, n_constrained=0):
    """Value, gradient and Hessian of the Poisson likelihood, written down once more for TensorFlow.

    The last `n_constrained` parameters have unit Gaussians.
    """
    tf = pytest.importorskip("tensorflow")
    point = tf.Variable(internal)
    with tf.GradientTape(persistent=True) as outer:
        with tf.GradientTape() as inner:
            expected = expectation(tf, point)
            pulls = point[len(internal) - n_constrained :]
            value = tf.reduce_sum(expected - counts * tf.math.log(expected)) + tf.reduce_sum(pulls**2) / 2
        gradient = inner.gradient(value, point)
    hessian = outer.jacobian(gradient, point, experimental_use_pfor=False)
    saturated = np.sum(counts - counts * np.log(np.maximum(counts, 1)))
    return float(value) - saturated, gradient.numpy(), hessian.numpy()


def assert_derivatives(likelihood, point, expected):
    value, gradient, hessian = expected
    assert likelihood.value(point) == pytest.approx(value, rel=1e-9, abs=1e-7)
    np.testing.assert_allclose(likelihood.gradient(point), gradient, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(likelihood.hessian(point), hessian, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("background", BACKGROUNDS, ids=lambda background: background.name)
@few_examples
@given(moves)
def test_backgrounds_agree_with_automatic_differentiation(background, move):
    fit = fitted(background)
    likelihood = fit.likelihood
    # About two standard deviations from the minimum in every direction: the basis is orthonormal.
    point = likelihood.internal(fit.result.values) + move[: len(likelihood.names)]
    masses, weights = bin_quadrature(EDGES)

    def expectation(tf, u):
        values = tf.linalg.matvec(tf.constant(likelihood.transform), u)
        columns = background.columns(tf.constant(masses), pytest.importorskip("zfit").z.numpy)
        density = tf.exp(sum(values[i] * column for i, column in enumerate(columns)))
        return tf.reduce_sum(weights * density, axis=0)

    assert_derivatives(likelihood, point, automatic(expectation, point, COUNTS))


TEMPLATE_EDGES = np.array([2000.0, 2400.0, 2800.0, 3200.0])
NOMINAL, LOW, HIGH = np.array([90.0, 50.0, 20.0]), np.array([95.0, 44.0, 22.0]), np.array([80.0, 52.0, 15.0])
BIN_ERRORS = np.array([0.05, 0.1, 0.2])


@pytest.mark.parametrize("follows", [True, False])
@settings(max_examples=10, deadline=None)
@given(moves)
def test_templates_agree_with_automatic_differentiation(follows, move):
    """Yield, a deformation that changes the yield too, and three statistical errors, all at random places."""
    shape = Template.of(Spectrum(TEMPLATE_EDGES, NOMINAL))
    plain = SignalTerm(shape, TEMPLATE_EDGES, {"tilt": template_effect(NOMINAL, LOW, HIGH)}, NOMINAL.sum())
    term = BarlowBeestonTerm(plain, BIN_ERRORS, "bin", None if follows else plain.rigid())
    constraints = [Constraint(name) for name in term.parameters[1:]]
    counts = np.array([85.0, 61.0, 0.0])
    likelihood = Likelihood([Category(counts, (term,))], constraints)
    point = np.array([1 + 0.1 * move[0], *move[1:5]])

    def expectation(tf, u):
        step = tf.clip_by_value(u[1], -1, 1)
        smooth = step * (15 - 10 * step**2 + 3 * step**4) / 8
        step = tf.clip_by_value(2 * u[1], -1, 1)
        kinked = step * (15 - 10 * step**2 + 3 * step**4) / 8
        down, up = (np.log(template.sum() / NOMINAL.sum()) for template in (LOW, HIGH))
        scale = u[0] * NOMINAL.sum() * tf.exp(u[1] / 2 * (up - down + (up + down) * kinked))
        share, low, high = (template / template.sum() for template in (NOMINAL, LOW, HIGH))
        deformed = share + u[1] / 2 * (high - low + (high + low - 2 * share) * smooth)
        return scale * (deformed + BIN_ERRORS * u[2:] * (deformed if follows else share))

    assert_derivatives(likelihood, point, automatic(expectation, point, counts, n_constrained=4))


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
