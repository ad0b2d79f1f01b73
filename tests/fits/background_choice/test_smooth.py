import numpy as np
import pytest

from errors import MaplessError
from fits.background_choice.smooth import Smooth
from fits.backgrounds import AtlasDijet, Dijet, expected_counts
from fits.signals import GaussianSignal
from fits.spectrum import Spectrum, dijet_edges


@pytest.fixture(scope="module")
def curved():
    """A spectrum that needs three parameters."""
    shape = expected_counts(Dijet(3), [0, 10.7, 2.0, -0.7], dijet_edges())
    return Spectrum(dijet_edges(), np.random.default_rng(3).poisson(1e6 * shape / shape.sum()))


def test_f_test_takes_what_is_needed(curved):
    assert Smooth(choice="f-test").choose(curved).background == Dijet(3)
    assert Smooth(choice="f-test", threshold=0.0).choose(curved).background == Dijet(2)
    assert Smooth(choice="f-test", parameters=(4,)).choose(curved).background == Dijet(4)


def test_signals_are_looked_at_unless_the_choice_is_the_f_test_of_cms(curved):
    signals = [GaussianSignal(0.03)(mass) for mass in (3000, 4000)]
    assert Smooth().choose(curved, signals).trials[0].lowest_nll is not None
    assert Smooth(choice="f-test").choose(curved, signals).trials[0].lowest_nll is None
    assert (Smooth().level, Smooth(choice="f-test").level, Smooth(threshold=0.2).level) == (0.3, 0.1, 0.2)


def test_error_at_the_signal_mass_limits_the_f_test(curved):
    choice = Smooth(choice="f-test", largest_relative_error=1e-4).choose(curved, signal_mass=6000)
    assert choice.background == Dijet(2)
    assert "too uncertain at the signal mass" in [trial.verdict for trial in choice.trials]


def test_in_turn_takes_the_first_that_fits(curved):
    forms = Smooth("atlas+atlas_ua2", choice="in-turn")
    choice = forms.choose(curved)
    assert choice.background == AtlasDijet(3)
    assert [trial.accepted for trial in choice.trials] == [False, True]


def test_what_does_not_exist_is_refused():
    with pytest.raises(MaplessError, match="no background is called cubic"):
        Smooth("cubic")
    with pytest.raises(MaplessError, match="no choice of a background is called luck"):
        Smooth(choice="luck")
    with pytest.raises(MaplessError, match="needs signals"):
        Smooth().choose(Spectrum([1000, 2000], [1]))
    with pytest.raises(MaplessError, match="2 to 5 shape parameters, not 7"):
        Smooth(parameters=(7,))
