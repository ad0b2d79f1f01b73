"""Tag N' Train on the two-jet toy with images: it finds what is planted, and folds do not leak."""

import numpy as np
import pytest

from errors import MaplessError
from models.tag_n_train.detector import TagNTrain
from models.tag_n_train.independence import independence
from models.window import Window
from tests.models import toy

FOLDS = 3
QUICK = {
    "folds": FOLDS,
    "filters": (4, 2),
    "dense": (),
    "latent": 2,
    "n_images": 2000,
    "autoencoder_epochs": 4,
    "autoencoder_batch_size": 32,
    "classifier_options": {"restarts": 1, "iterations": 30},
}


def quick(**options):
    return TagNTrain(**{"window": toy.WINDOW, "inputs": toy.INPUTS, "match": toy.MATCH} | QUICK | options)


def kept(score, events, share=0.01):
    """Shares of signal and background in the window above the score that keeps a share of the sidebands."""
    inside = toy.WINDOW.in_signal_region(events["mjj"])
    side = toy.WINDOW.contains(events["mjj"]) & ~inside
    passed = score > np.quantile(score[side], 1 - share)
    injected = events["injected"] > 0
    return tuple(passed[inside & which].mean() for which in (injected, ~injected))


@pytest.fixture(scope="module")
def mixture():
    return toy.with_images(toy.mixture(15000, 150, seed=5), seed=6)


@pytest.fixture(scope="module")
def trained(mixture):
    return quick().fit({"events": mixture})


@pytest.fixture(scope="module")
def scores(trained, mixture):
    return trained.score(mixture)


@pytest.mark.physics
def test_an_injected_resonance_is_kept_and_background_is_not(scores, mixture):
    signal, background = kept(scores["score"], mixture)
    assert signal > 0.4
    assert background < 0.02


@pytest.mark.physics
def test_autoencoders_reproduce_signal_worse_and_their_errors_of_background_are_independent(scores, mixture):
    errors = [scores[name] for name in ("first_autoencoder", "second_autoencoder")]
    injected = mixture["injected"] > 0
    for error in errors:
        assert np.median(error[injected]) > np.quantile(error[~injected], 0.8)
    found = independence(toy.WINDOW, mixture["mjj"], *errors)
    assert abs(found.correlation) < 4 * found.uncertainty


@pytest.mark.physics
def test_a_mark_of_its_own_on_every_event_is_no_use(mixture):
    """Trees that learn pure noise by heart say nothing about the events held out."""
    random = np.random.default_rng(3)
    noise = {name: random.normal(size=len(mixture)) for names in toy.INPUTS.values() for name in names}
    greedy = {"restarts": 1, "iterations": 60, "leaves": 63, "events_per_leaf": 5}
    events = mixture.but(**noise)
    detector = quick(classifier_options=greedy, match={}, n_images=100, autoencoder_epochs=1)
    outputs = detector.fit({"events": events}).outputs(events)
    inside = toy.WINDOW.in_signal_region(events["mjj"])
    side = toy.WINDOW.contains(events["mjj"]) & ~inside
    for output in outputs:
        spread = output[side].std() * np.sqrt(1 / inside.sum() + 1 / side.sum())
        assert abs(output[inside].mean() - output[side].mean()) < 4 * spread


def test_images_that_are_no_numbers_or_not_square_are_named(mixture):
    few = mixture.where(np.arange(len(mixture)) < 3000)
    images = few["jet2_image"].copy()
    images[:, 1, 1] = np.nan
    with pytest.raises(MaplessError, match="'jet2_image' is not a finite number"):
        quick().fit({"events": few.but(jet2_image=images)})
    with pytest.raises(MaplessError, match="'jet1_image' holds no square images"):
        quick().fit({"events": few.but(jet1_image=few["jet1_image"][:, :4])})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inputs": {"jet1": ("a",)}}, "must be two jets"),
        ({"inputs": {"jet1": ("a",), "jet2": ("b", "c")}, "match": {}}, "as many columns each"),
        ({"match": {"jet1": "jet1_pt"}}, "match names jet1, not jet1 and jet2"),
        ({"images": {"jet3": "image"}}, "images names jet1, jet2, jet3, not jet1 and jet2"),
        ({"autoencoders": 1}, "1 autoencoders cannot each hold out some of 3 folds; choose 2 to 3"),
        ({"signal_rich": 0.4}, "must rise between 0 and 1"),
        ({"signal_rich": {"A1": 0.8}}, "no quantile for window B3"),
        ({"n_images": 0}, "n_images 0 is too small; choose 10"),
        ({"autoencoder_epochs": 0}, "epochs 0 is too small"),
        ({"autoencoder_learning_rate": 0.0}, "teaches nothing"),
        ({"dense": (0,)}, "must be numbers above 0"),
        ({"classifier_options": {"folds": 9}}, "must not say folds"),
        ({"classifier_options": {"trees": 9}}, "has no setting 'trees'"),
        ({"filters": (4,)}, "two convolutions at least"),
    ],
)
def test_impossible_settings_are_one_line(options, message):
    with pytest.raises(MaplessError, match=message):
        quick(**options)


def test_a_window_without_events_is_one_line(mixture):
    with pytest.raises(MaplessError, match="no events"):
        quick(window=Window("Z", "mjj", 9e5, 9.1e5)).fit({"events": mixture})


@pytest.mark.physics
@pytest.mark.parametrize("classifier", ["trees", "networks"])
def test_a_planted_percent_is_found_and_nothing_where_nothing_is(classifier):
    """With both kinds of classifier, and as many autoencoders as folds."""
    options = {"classifier": classifier, "autoencoders": FOLDS}
    options |= {"classifier_options": {"inner_networks": 1}} if classifier == "networks" else {}
    found = {}
    for n_signal in (300, 0):
        events = toy.with_images(toy.mixture(30000, n_signal, seed=11), seed=12)
        score = quick(**options).fit({"events": events}).score(events)["score"]
        inside = toy.WINDOW.in_signal_region(events["mjj"])
        side = toy.WINDOW.sideband_weights(events["mjj"], np.ones(len(score))) > 0
        passed = score > np.quantile(score[side], 0.99)
        expected = 0.01 * inside.sum()
        found[n_signal] = (passed[inside].sum() - expected) / np.sqrt(expected)
    assert found[300] > 5
    assert abs(found[0]) < 3
