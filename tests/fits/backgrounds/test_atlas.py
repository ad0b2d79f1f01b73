import numpy as np
import pytest

from fits.backgrounds import UA2, Dijet
from fits.backgrounds.atlas import AtlasDijet, AtlasUA2
from fits.backgrounds.families import density
from fits.fit import fit_background


@pytest.mark.parametrize(
    ("atlas", "same"), [(AtlasDijet(2), Dijet(2)), (AtlasDijet(3), Dijet(3)), (AtlasUA2(), UA2(3))]
)
def test_atlas_forms_fit_as_the_functions_of_mass_that_they_are(dijet_toy, atlas, same):
    spectrum = dijet_toy(2e5, seed=60)
    assert fit_background(spectrum, atlas).result.nll == pytest.approx(
        fit_background(spectrum, same).result.nll, abs=1e-6
    )


def test_two_parameters_are_the_formula_of_the_diboson_search():
    """arXiv:1708.04445 with its constant 4.3 multiplied out of the p2 and p3 that its code starts from."""
    p2, p3, masses = 52.8833 + 4.3 * 1.72355, -1.72355, np.array([1100.0, 2000.0, 3500.0])
    x = masses / 13000
    np.testing.assert_allclose(density(AtlasDijet(2), [0.0, p2, p3], masses), (1 - x) ** p2 * x**-p3)
