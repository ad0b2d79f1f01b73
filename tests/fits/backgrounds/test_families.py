import numpy as np
import pytest
from scipy.integrate import quad

from errors import MaplessError
from fits.backgrounds import AtlasDijet, AtlasUA2
from fits.backgrounds.catalogue import BACKGROUND_NAMES, background, background_family
from fits.backgrounds.families import (
    UA2,
    Dijet,
    ExtendedDijet,
    ModifiedDijet,
    ModifiedExponential,
    bin_quadrature,
    density,
    expected_counts,
)
from fits.fit import fit_background
from fits.spectrum import Spectrum

VALUES = np.array([1.5, 9.3, 5.1, 0.4, -0.2, 0.05, 0.02])


@pytest.mark.parametrize("n_parameters", [2, 3, 4, 5])
def test_dijet_function_is_the_published_formula(n_parameters):
    x = 3000 / 13000
    power = sum(p * np.log(x) ** i for i, p in enumerate(VALUES[2 : n_parameters + 1]))
    assert density(Dijet(n_parameters), VALUES[: n_parameters + 1], 3000) == pytest.approx(
        np.exp(1.5) * (1 - x) ** 9.3 / x**power, rel=1e-12
    )


X, LOG = 3000 / 13000, np.log(3000 / 13000)
FORMULAS = [
    (ModifiedDijet(4), (1 - X ** (1 / 3)) ** 9.3 / X ** (5.1 + 0.4 * LOG - 0.2 * LOG**2)),
    (ExtendedDijet(5), (1 - X) ** 9.3 / X ** (5.1 + 0.4 * LOG) * np.exp(-0.2 * X + 0.05 * X**2)),
    (ModifiedExponential(4), np.exp(-9.3 * X) / X ** (5.1 + 0.4 * LOG - 0.2 * LOG**2)),
    (UA2(3), X**-9.3 * np.exp(-5.1 * X - 0.4 * X**2)),
    (UA2(4), X**-9.3 * np.exp(-5.1 * X - 0.4 * X**2 + 0.2 * X**3)),
    (AtlasDijet(2), (1 - X) ** 9.3 * X**-5.1),
    (AtlasDijet(3), (1 - X) ** 9.3 * X ** (-5.1 + 0.4 * LOG)),
    (AtlasUA2(), X**9.3 * np.exp(-5.1 * X + 0.4 * X**2)),
]


@pytest.mark.parametrize(("family", "shape"), FORMULAS, ids=lambda value: getattr(value, "name", ""))
def test_other_families_are_their_published_formulas(family, shape):
    values = VALUES[: len(family.parameters)]
    assert density(family, values, 3000) == pytest.approx(np.exp(1.5) * shape, rel=1e-12)


@pytest.mark.parametrize(("edges", "accuracy"), [((1352, 1356, 1360), 1e-9), ((1460, 1530, 1607), 1e-9)])
def test_expected_counts_are_integrals(edges, accuracy):
    values = np.array([0.0, 10.657, 3.551, -0.3282])
    counts = expected_counts(Dijet(3), values, np.array(edges, dtype=float))
    for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
        exact = quad(lambda m: float(density(Dijet(3), values, m)), low, high, epsrel=1e-13)[0]
        assert count == pytest.approx(exact, rel=accuracy)


def test_one_node_is_the_bin_centre():
    masses, weights = bin_quadrature(np.array([1000.0, 1010.0]), 1)
    assert (masses.item(), weights.item()) == (1005, 10)


@pytest.mark.parametrize(
    ("family", "n_parameters", "complaint"),
    [
        (Dijet, 1, "2 to 5"),
        (Dijet, 6, "2 to 5"),
        (UA2, 5, "2 to 4"),
        (AtlasDijet, 4, "2 to 3"),
        (AtlasUA2, 2, "3 to 3"),
    ],
)
def test_unknown_number_of_parameters_is_refused(family, n_parameters, complaint):
    with pytest.raises(MaplessError, match=complaint):
        family(n_parameters)


@pytest.mark.parametrize("mass", [0.0, 13000.0, np.nan])
def test_masses_beyond_the_collision_energy_are_refused(mass):
    with pytest.raises(MaplessError, match="13000 GeV"):
        Dijet(3).design(mass)


def test_impossible_collision_energy_is_refused():
    with pytest.raises(MaplessError, match="collision energy of 0"):
        Dijet(3, collision_energy=0)


@pytest.mark.parametrize("name", BACKGROUND_NAMES)
def test_families_are_nested(name):
    """With its last parameter at zero each member is the one before."""
    members = background_family(name)
    for smaller, larger in zip(members[:-1], members[1:], strict=True):
        values = VALUES[: len(smaller.parameters)]
        masses = np.array([1500.0, 4000.0])
        np.testing.assert_allclose(
            density(larger, [*values, 0.0], masses), density(smaller, values, masses), rtol=1e-12
        )


def test_catalogue_knows_the_usual_sizes_and_the_collision_energy():
    assert background("dijet") == Dijet(3)
    assert background("ua2", 4, 8000.0) == UA2(4, 8000.0)


def test_unknown_name_is_refused():
    with pytest.raises(MaplessError, match="no background is called dijets; there are dijet, "):
        background("dijets")


def polynomial_dijet(x):
    return (1 - x) ** 8 / x ** (5 - 0.1 * np.log(x)) * (1 + 3 * x + 10 * x**2)


def stretched_exponential(x):
    return np.exp(-20 * x**0.5 + 5 * (1 - x) ** 6)


@pytest.mark.parametrize("shape", [polynomial_dijet, stretched_exponential])
def test_extended_dijet_describes_the_forms_that_are_not_log_linear(shape):
    """Data exactly as these forms expect, a million events: nothing that a test could see is left."""
    edges = np.arange(1500.0, 7001.0, 50.0)
    expected = shape(0.5 * (edges[1:] + edges[:-1]) / 13000)
    spectrum = Spectrum(edges, 1e6 * expected / expected.sum())
    fit = fit_background(spectrum, ExtendedDijet(4))
    assert fit.converged
    assert 2 * fit.result.nll < 0.5
    assert 2 * fit_background(spectrum, Dijet(2)).result.nll > 2
