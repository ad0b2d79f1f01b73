import numpy as np
import pytest

from errors import MaplessError
from fits.backgrounds import UA2, Dijet
from fits.backgrounds.atlas import AtlasDijet, AtlasUA2, decorrelated
from fits.backgrounds.families import density
from fits.fit import fit_background


@pytest.fixture(scope="module")
def spectrum(dijet_toy):
    return dijet_toy(2e5, seed=60)


@pytest.mark.parametrize(
    ("atlas", "same"), [(AtlasDijet(2), Dijet(2)), (AtlasDijet(3), Dijet(3)), (AtlasUA2(), UA2(3))]
)
def test_xi_decorrelate_the_parameters_and_change_nothing_else(spectrum, atlas, same):
    first = fit_background(spectrum, atlas)
    second = fit_background(spectrum, decorrelated(atlas, first.background_covariance))
    sizes = np.sqrt(np.diag(second.background_covariance)[1:])
    correlations = second.background_covariance[1:, 1:] / np.outer(sizes, sizes)
    np.testing.assert_allclose(correlations, np.eye(len(sizes)), atol=1e-4)
    assert second.result.nll == pytest.approx(fit_background(spectrum, same).result.nll, abs=1e-6)


def test_two_parameters_are_the_formula_of_the_diboson_search():
    """With the xi of that search, arXiv:1708.04445, and p2 and p3 that its code starts from."""
    xi, p2, p3, masses = 4.3, 52.8833, -1.72355, np.array([1100.0, 2000.0, 3500.0])
    x = masses / 13000
    ours = density(AtlasDijet(2, xi=(xi, 0, 0)), [0.0, p2, p3], masses)
    np.testing.assert_allclose(ours, (1 - x) ** (p2 - xi * p3) * x**-p3)


def test_raw_parameters_correlate(spectrum):
    covariance = fit_background(spectrum, AtlasDijet(2)).background_covariance
    assert covariance[1, 2] / np.sqrt(covariance[1, 1] * covariance[2, 2]) < -0.9


def test_xi_of_a_fit_that_has_them_already_are_the_same(spectrum):
    first = decorrelated(AtlasUA2(), fit_background(spectrum, AtlasUA2()).background_covariance)
    again = decorrelated(first, fit_background(spectrum, first).background_covariance)
    np.testing.assert_allclose(again.xi, first.xi, rtol=1e-3)


@pytest.mark.parametrize("covariance", [np.eye(2), np.zeros((3, 3))])
def test_covariance_of_a_failed_fit_is_refused(covariance):
    with pytest.raises(MaplessError, match="converged fit of ATLAS dijet"):
        decorrelated(AtlasDijet(2), covariance)
