"""QUAK on the two-jet toy: signals that were thought of find those that were not."""

import numpy as np
import pytest

from errors import MaplessError
from models.quak.detector import Quak
from tests.models import toy

OBSERVABLES = tuple(
    f"{jet}_{name}" for jet in toy.JETS for name in ("softdrop_mass", "tau21", "tau32", "n_constituents")
)
PRIORS = {"100-100": ("light",), "400-400": ("heavy",)}
QUICK = {"folds": 3, "batch_size": 256, "epochs": 20, "signal_epochs": 40}
BACKGROUND = toy.background(6000, seed=1)
SIGNALS = {
    "light": toy.mixture(0, 900, seed=2, jet_mass=100.0),
    "heavy": toy.mixture(0, 900, seed=3, jet_mass=400.0),
    "between": toy.mixture(0, 900, seed=4, jet_mass=200.0),
}
TRAINING = {"events": BACKGROUND, **SIGNALS}


def kept(detector, signal, score="score"):
    """Part of a signal above what one in a hundred background events exceeds."""
    threshold = np.quantile(detector.score(BACKGROUND)[score], 0.99)
    return float((detector.score(SIGNALS[signal])[score] > threshold).mean())


@pytest.fixture(scope="module", params=["autoencoders", pytest.param("flows", marks=pytest.mark.physics)])
def trained(request):
    depth = {"autoencoders": 4, "flows": 2}[request.param]
    return Quak(OBSERVABLES, PRIORS, density=request.param, depth=depth, **QUICK).fit(TRAINING)


def test_a_signal_that_is_no_prior_is_found_by_priors_beside_it(trained):
    """Of the flows that of the background alone loses few of them."""
    least, gain = {"autoencoders": (0.4, 1.5), "flows": (0.8, 1.0)}[trained.density]
    assert kept(trained, "between") > least
    assert kept(trained, "between") > gain * kept(trained, "between", "background_loss")


def test_background_has_losses_of_mean_0_and_width_1_and_signals_scores_beyond_most_of_it(trained):
    scores = trained.score(BACKGROUND)
    assert abs(scores["background_loss"].mean()) < 0.02  # as learnt, but for integers that are smeared
    assert scores["background_loss"].std() == pytest.approx(1, rel=0.05)
    for signal in SIGNALS.values():
        assert np.median(trained.score(signal)["score"]) > np.quantile(scores["score"], 0.9)


def test_roles_are_the_background_and_every_sample_of_the_priors_once():
    detector = Quak(OBSERVABLES, {"a": ("one", "two"), "b": ("two",)}, background="control")
    assert detector.roles == tuple(detector.columns) == ("control", "one", "two")


def test_impossible_settings_are_one_line():
    for priors in ({}, {"a": ()}):
        with pytest.raises(MaplessError, match="QUAK needs priors"):
            Quak(OBSERVABLES, priors)
    with pytest.raises(MaplessError, match="QUAK needs observables"):
        Quak((), PRIORS)
    with pytest.raises(MaplessError, match="'light' is the background of QUAK"):
        Quak(OBSERVABLES, PRIORS, background="light")


def test_a_prior_without_events_in_a_fold_is_named():
    few = np.flatnonzero(SIGNALS["heavy"]["key"] % np.uint64(3) != 1)[:20]
    lacking = SIGNALS["heavy"].where(np.isin(np.arange(len(SIGNALS["heavy"])), few))
    with pytest.raises(MaplessError, match="no events of 400-400"):
        Quak(OBSERVABLES, PRIORS, **QUICK | {"epochs": 1}).fit({**TRAINING, "heavy": lacking})
