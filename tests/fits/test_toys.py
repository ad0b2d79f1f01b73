import numpy as np
import pytest

from errors import MaplessError
from fits.backgrounds import Dijet
from fits.fit import fit_background
from fits.spectrum import Spectrum
from fits.toys import fit_many, poisson_toys


@pytest.mark.parametrize("n_events", [1e3, 2e5, 5e6])
def test_many_fits_together_end_where_single_fits_end(dijet_toy, n_events):
    fit = fit_background(dijet_toy(n_events, seed=40), Dijet(3))
    toys = poisson_toys(fit.expected_background(), 8, np.random.default_rng(40))
    many = fit_many(fit, toys)
    assert many.converged.all()
    for values, nll, counts in zip(many.values, many.nll, toys, strict=True):
        single = fit_background(Spectrum(fit.spectrum.edges, counts), Dijet(3)).result
        assert nll == pytest.approx(single.nll, abs=1e-7 * max(1, n_events / 1e6))
        np.testing.assert_allclose(
            values, single.values, atol=2e-4 * np.sqrt(np.diag(single.covariance)).max()
        )


def test_toys_of_very_different_size_are_fitted_together(dijet_toy):
    fit = fit_background(dijet_toy(2e5, seed=41), Dijet(2))
    spectra = np.stack([dijet_toy(n_events, seed=41).counts for n_events in (500, 1e4, 1e7)])
    many = fit_many(fit, spectra)
    assert many.converged.all()
    assert np.all(np.diff(many.values[:, 0]) != 0)


def test_empty_toy_fails_alone(dijet_toy):
    fit = fit_background(dijet_toy(1e4, seed=42), Dijet(3))
    toys = poisson_toys(fit.expected_background(), 3, np.random.default_rng(42))
    toys[1] = 0
    many = fit_many(fit, toys)
    assert many.converged.tolist() == [True, False, True]
    assert np.isnan(many.nll[1])
    assert np.isnan(many.values[1]).all()


def test_toys_are_the_same_for_the_same_seed():
    first, second = (poisson_toys([5.0, 7.0], 10, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_counts_of_other_bins_are_refused(dijet_toy):
    fit = fit_background(dijet_toy(1e4, seed=43), Dijet(2))
    with pytest.raises(MaplessError, match=r"n_spectra, 1662"):
        fit_many(fit, np.ones(1662))
