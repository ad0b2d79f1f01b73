"""Analytic derivatives against finite differences, in a likelihood with everything in it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import MaplessError
from fits.backgrounds import Dijet, expected_counts
from fits.likelihood.binned import Category, Constraint, Likelihood
from fits.likelihood.kernel import BackgroundTerm, orthonormal_basis, starting_values
from fits.likelihood.signal_term import Effect, SignalTerm
from fits.signals import DoubleCrystalBall
from fits.spectrum import Spectrum

EDGES = np.arange(2000.0, 4001.0, 50.0)
SHAPE = DoubleCrystalBall(3900, 95, 1.19, 3.1, 1.77, 9.0)  # partly outside the edges
EFFECTS = {
    "efficiency": Effect(1.1),
    "luminosity": Effect(1.016),
    "mass_scale": Effect(kappa=0.95, mean=0.01),
    "mass_resolution": Effect(width=0.035),
    "rate": Effect(rate=True),
}


def two_categories() -> Likelihood:
    values = np.array([2.0, 8.0, 4.5, -0.2])
    rng = np.random.default_rng(5)
    categories = []
    for index, scale in enumerate((1.0, 0.1)):
        expected = scale * expected_counts(Dijet(3), values, EDGES)
        background = BackgroundTerm(Dijet(3), EDGES, expected, n_nodes=2, prefix=f"category{index}_")
        signal = SignalTerm(SHAPE, EDGES, EFFECTS, n_nodes=index)
        categories.append(Category(rng.poisson(expected).astype(float), (background, signal)))
    return Likelihood(categories, [Constraint(name, 0.1, 1.0) for name in EFFECTS])


LIKELIHOOD = two_categories()
START = LIKELIHOOD.internal(
    {
        "category0_p0": 2.0,
        "category0_p1": 8,
        "category0_p2": 4.5,
        "category0_p3": -0.2,
        "signal_yield": 20,
        "rate": 3.0,
    }
    | {"category1_p0": 2 + np.log(0.1), "category1_p1": 8, "category1_p2": 4.5, "category1_p3": -0.2}
)
moves = st.lists(st.floats(-1, 1), min_size=len(START), max_size=len(START)).map(np.array)


def slopes(function, point, step=1e-4):
    """Fourth-order central differences, along the first axis."""
    unit = step * np.eye(len(point))
    return np.array(
        [
            (
                8 * (function(point + e) - function(point - e))
                - (function(point + 2 * e) - function(point - 2 * e))
            )
            / (12 * step)
            for e in unit
        ]
    )


@settings(max_examples=25, deadline=None)
@given(moves)
def test_gradient_is_the_derivative_of_the_value(move):
    point = START + move
    np.testing.assert_array_equal(LIKELIHOOD.derivatives(point)[0], LIKELIHOOD.gradient(point))
    np.testing.assert_allclose(
        LIKELIHOOD.gradient(point), slopes(LIKELIHOOD.value, point), rtol=1e-6, atol=1e-6
    )


@settings(max_examples=25, deadline=None)
@given(moves)
def test_hessian_is_the_derivative_of_the_gradient(move):
    point = START + move
    np.testing.assert_allclose(
        LIKELIHOOD.hessian(point), slopes(LIKELIHOOD.gradient, point), rtol=1e-6, atol=1e-6
    )


def test_categories_share_the_signal_and_keep_their_backgrounds():
    assert LIKELIHOOD.names.count("signal_yield") == 1
    assert {"category0_p1", "category1_p1"} <= set(LIKELIHOOD.names)
    assert len(LIKELIHOOD.names) == 2 * 4 + 1 + 5


def test_value_of_a_perfect_description_is_zero():
    term = BackgroundTerm(Dijet(2), EDGES, np.full(40, 10.0))
    point = np.zeros(3)
    assert Likelihood([Category(term.expected(point), (term,))]).value(point) == pytest.approx(0, abs=1e-10)


def test_events_where_nothing_is_expected_are_impossible_but_empty_bins_are_not():
    signal = SignalTerm(SHAPE, EDGES)
    counts = np.zeros(40)
    assert Likelihood([Category(counts, (signal,))]).value(np.array([-3.0])) == pytest.approx(-3.0)
    counts[20] = 1
    assert Likelihood([Category(counts, (signal,))]).value(np.array([-3.0])) == np.inf


def test_expectation_far_below_the_counts_is_unlikely_but_not_impossible():
    category = Category(np.array([2.0]), ())
    assert category.deviance(np.array([1e-40])) == pytest.approx(2 * (np.log(2e40) - 1), rel=1e-12)
    assert category.deviance(np.array([0.2 + 1e-9])) == pytest.approx(
        category.deviance(np.array([0.2 - 1e-9])), rel=1e-6
    )


def test_asimov_bins_of_next_to_no_events_are_empty():
    signal = SignalTerm(DoubleCrystalBall(3000, 20, 5, 100, 5, 100), EDGES)
    asimov = Likelihood([Category(np.ones(40), (signal,))]).asimov(np.array([1e-3]))
    counts = asimov.categories[0].counts
    assert counts.sum() == pytest.approx(1e-3)
    assert counts[counts > 0].min() > 1e-15


def test_orthonormal_basis_gives_unit_information():
    design, expected = Dijet(4).design(EDGES[1:]), np.linspace(1000, 1, 40)
    basis = design @ orthonormal_basis(design, expected)
    np.testing.assert_allclose(basis.T @ (expected[:, None] * basis), np.eye(5), atol=1e-8)


def test_two_backgrounds_need_prefixes():
    terms = [BackgroundTerm(Dijet(2), EDGES, np.full(40, scale)) for scale in (10.0, 20.0)]
    with pytest.raises(MaplessError, match="prefix"):
        Likelihood([Category(np.ones(40), (term,)) for term in terms])


def test_constraint_on_an_unknown_parameter_is_refused():
    with pytest.raises(MaplessError, match="luminosty"):
        Likelihood([Category(np.ones(40), (SignalTerm(SHAPE, EDGES),))], [Constraint("luminosty")])


@pytest.mark.parametrize(
    ("counts", "complaint"), [(np.zeros(40), "empty"), (np.eye(40)[3] * 5, "5 events in 1 filled bins")]
)
def test_spectrum_without_enough_events_is_refused(counts, complaint):
    with pytest.raises(MaplessError, match=complaint):
        starting_values(Spectrum(EDGES, counts), Dijet(3))
