"""CATHODE on the two-jet toy: it interpolates the background and finds what does not fit."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from errors import MaplessError
from models.cathode.detector import Cathode
from models.window import Window
from tests.models import toy

FEATURES = ("jet1_softdrop_mass", "jet2_softdrop_mass", "jet1_tau21", "jet2_tau21")
QUICK = {
    "folds": 3,
    "inner_networks": 1,
    "flow_blocks": 2,
    "flow_hidden": (32,),
    "flow_epochs": 6,
    "flow_batch_size": 512,
    "flow_learning_rate": 5e-3,
    "epochs": 6,
}


def kept(detector, events, share=0.01):
    """Shares of signal and background in the window above the score that keeps a share of the sidebands."""
    score, injected = detector.score(events)["score"], events["injected"] > 0
    inside = toy.WINDOW.in_signal_region(events["mjj"])
    passed = score > 1 - share
    return tuple(passed[inside & which].mean() for which in (injected, ~injected))


@pytest.fixture(scope="module")
def mixture():
    return toy.mixture(20000, 200, seed=5)


@pytest.fixture(scope="module")
def trained(mixture):
    return Cathode(toy.WINDOW, FEATURES, **QUICK).fit({"events": mixture})


def test_an_injected_resonance_is_kept_and_background_is_not(trained, mixture):
    signal, background = kept(trained, mixture)
    assert signal > 0.6
    assert background < 0.02


@pytest.mark.physics
def test_it_is_kept_too_where_events_are_compared_in_latent_space(mixture):
    latent = Cathode(toy.WINDOW, FEATURES, latent=True, **QUICK).fit({"events": mixture})
    signal, background = kept(latent, mixture)
    assert signal > 0.6
    assert background < 0.02


def test_drawn_events_are_hard_to_tell_from_background_that_nothing_has_seen(trained):
    truth = toy.background(40000, seed=77)
    inside = toy.WINDOW.in_signal_region(truth["mjj"])
    real = np.stack([truth[name][inside] for name in FEATURES], axis=1)
    both = np.concatenate([real, trained.sample(truth["mjj"][inside], seed=3)])
    labels = np.arange(len(both)) < len(real)
    training = np.random.default_rng(1).random(len(both)) < 0.5
    judge = HistGradientBoostingClassifier(max_iter=60, random_state=1)
    judge.fit(both[training], labels[training])
    assert roc_auc_score(labels[~training], judge.predict_proba(both[~training])[:, 1]) < 0.56


def test_latent_scores_need_the_mass_and_others_do_not():
    assert "mjj" not in Cathode(toy.WINDOW, FEATURES).score_columns
    assert "mjj" in Cathode(toy.WINDOW, FEATURES, latent=True).score_columns


def test_impossible_settings_and_empty_windows_are_one_line():
    with pytest.raises(MaplessError, match="needs features"):
        Cathode(toy.WINDOW, ())
    with pytest.raises(MaplessError, match="drawn is -1"):
        Cathode(toy.WINDOW, FEATURES, drawn=-1)
    empty = Window("Z", "mjj", 9e5, 9.1e5)
    with pytest.raises(MaplessError, match="no events"):
        Cathode(empty, FEATURES, **QUICK).fit({"events": toy.background(2000, seed=1)})


def test_a_fold_without_events_in_the_window_is_one_line():
    events = toy.background(4000, seed=1)
    inside = toy.WINDOW.in_signal_region(events["mjj"]) & (events["key"] % 3 == 1)
    with pytest.raises(MaplessError, match="no events"):
        Cathode(toy.WINDOW, FEATURES, **QUICK).fit({"events": events.where(~inside)})
