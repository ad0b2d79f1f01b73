import numpy as np
import pytest

from errors import MaplessError
from fits.likelihood.morphing import VerticalMorphing
from fits.likelihood.signal_term import Effect, SignalTerm, template_effect
from fits.signals import Template
from fits.spectrum import Spectrum

EDGES = np.array([2000.0, 2500.0, 3000.0, 4000.0])
NOMINAL, DOWN, UP = np.array([10.0, 20.0, 10.0]), np.array([12.0, 16.0, 8.0]), np.array([9.0, 25.0, 14.0])


def term(**options) -> SignalTerm:
    shape = Template.of(Spectrum(EDGES, NOMINAL))
    effects = {"tilt": template_effect(NOMINAL, DOWN, UP, **options)}
    return SignalTerm(shape, EDGES, effects, events=NOMINAL.sum())


@pytest.mark.parametrize("options", [{}, {"separate_yield": False}])
@pytest.mark.parametrize(("nuisance", "template"), [(-1.0, DOWN), (0.0, NOMINAL), (1.0, UP)])
def test_templates_are_those_given_at_whole_deviations(options, nuisance, template):
    np.testing.assert_allclose(term(**options).expected(np.array([1.0, nuisance])), template)


def test_histfactory_templates_go_on_as_straight_lines():
    expected = term(separate_yield=False).expected(np.array([1.0, 3.0]))
    np.testing.assert_allclose(expected, NOMINAL + 3 * (UP - NOMINAL))


def test_combine_changes_yield_and_shape_separately():
    """Beyond one deviation the yield is a power, the shape a straight line."""
    share, share_up = NOMINAL / NOMINAL.sum(), UP / UP.sum()
    expected = term().expected(np.array([1.0, 2.0]))
    np.testing.assert_allclose(expected, NOMINAL.sum() * 1.2**2 * (share + 2 * (share_up - share)))


def test_changes_of_several_nuisances_add_up():
    changes = np.array([[1.0, -1.0], [2.0, 0.0]])
    np.testing.assert_allclose(VerticalMorphing(-changes, changes).at(np.array([0.5, 2.0])), [0.5 + 4, -0.5])


def test_templates_of_other_bins_are_refused():
    effects = {"tilt": template_effect(NOMINAL[:2], DOWN[:2], UP[:2])}
    with pytest.raises(MaplessError, match="other bins than its 3"):
        SignalTerm(Template.of(Spectrum(EDGES, NOMINAL)), EDGES, effects)


def test_empty_templates_are_refused():
    with pytest.raises(MaplessError, match="no events"):
        template_effect(NOMINAL, 0 * DOWN, UP)


def test_changes_that_are_no_numbers_are_refused():
    with pytest.raises(MaplessError, match="finite"):
        Effect(bins=((np.nan,), (0.1,)))
