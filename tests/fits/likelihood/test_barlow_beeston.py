import numpy as np
import pytest

from errors import MaplessError
from fits.export.roofit import fill_workspace
from fits.likelihood.barlow_beeston import BarlowBeestonTerm
from fits.limits.asymptotic import upper_limit
from fits.search_model import Process, SearchCategory, SearchModel
from fits.signals import Template
from fits.spectrum import Spectrum
from tests.fits.likelihood.test_morphing import EDGES, NOMINAL, UP, term

ERRORS = np.array([0.1, 0.0, 0.2])


def test_bins_with_an_error_have_a_parameter_each():
    uncertain = BarlowBeestonTerm(term(), ERRORS, "bin")
    assert uncertain.parameters == ("signal_yield", "tilt", "bin0", "bin2")
    expected = uncertain.expected(np.array([1.0, 0.0, 2.0, -1.0]))
    np.testing.assert_allclose(expected, NOMINAL * [1.2, 1.0, 0.8])


def test_errors_follow_a_deformed_template_or_stay():
    point = np.array([1.0, 1.0, 1.0, 1.0])
    follows = BarlowBeestonTerm(term(), ERRORS, "bin").expected(point)
    np.testing.assert_allclose(follows, UP * (1 + ERRORS))
    stays = BarlowBeestonTerm(term(), ERRORS, "bin", term().rigid()).expected(point)
    np.testing.assert_allclose(stays, UP + ERRORS * NOMINAL * UP.sum() / NOMINAL.sum())


def model(errors=None, events=400.0, observed=1.1) -> SearchModel:
    background = Template.of(Spectrum(EDGES, NOMINAL))
    signal = Process(Template.of(Spectrum(EDGES, [1, 8, 1])), 40.0)
    counts = np.round(observed * events * NOMINAL / NOMINAL.sum())
    others = {"known": Process(background, events)}
    return SearchModel(
        [SearchCategory("one", Spectrum(EDGES, counts), signal, None, others, errors)],
    )


def test_bin_is_pulled_between_data_and_simulation():
    """200 events expected with an error of 10 %, 220 seen: the minimum is a root of a parabola."""
    profile = model(np.array([0.0, 0.1, 0.0])).profile_likelihood()
    fit = profile.fit({"signal_strength": 0.0})
    pull = fit.parameters["one_bin1"]
    assert pull == pytest.approx(0.1 * 200 * (220 / (200 * (1 + 0.1 * pull)) - 1))
    assert 0.5 < pull < 1


def test_uncertain_templates_weaken_limits():
    exact, uncertain = (
        upper_limit(model(errors, observed=1.0).profile_likelihood()).median
        for errors in (None, np.full(3, 0.1))
    )
    assert uncertain > 1.2 * exact


def test_negative_errors_are_refused():
    with pytest.raises(MaplessError, match="not negative"):
        BarlowBeestonTerm(term(), -ERRORS, "bin")


def test_such_models_are_not_exported_without_their_errors():
    with pytest.raises(MaplessError, match="statistical errors cannot be exported"):
        fill_workspace(None, model(np.full(3, 0.1)))
