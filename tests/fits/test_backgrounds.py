import numpy as np
import pytest
from scipy.integrate import quad

from errors import MaplessError
from fits.backgrounds import Dijet, bin_quadrature, density, expected_counts


@pytest.mark.parametrize("n_parameters", [2, 3, 4, 5])
def test_dijet_function_is_the_published_formula(n_parameters):
    values = np.array([1.5, 9.3, 5.1, 0.4, -0.2, 0.05][: n_parameters + 1])
    x = 3000 / 13000
    power = sum(p * np.log(x) ** i for i, p in enumerate(values[2:]))
    assert density(Dijet(n_parameters), values, 3000) == pytest.approx(
        np.exp(1.5) * (1 - x) ** 9.3 / x**power, rel=1e-12
    )


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


@pytest.mark.parametrize("n_parameters", [1, 6])
def test_unknown_number_of_parameters_is_refused(n_parameters):
    with pytest.raises(MaplessError, match="2 to 5"):
        Dijet(n_parameters)


@pytest.mark.parametrize("mass", [0.0, 13000.0])
def test_masses_beyond_the_collision_energy_are_refused(mass):
    with pytest.raises(MaplessError, match="13000 GeV"):
        Dijet(3).design(mass)
