"""Tag N' Train on images alone: it finds a planted signal, and in the window only if it is asked to."""

import numpy as np
import pytest

from errors import MaplessError
from models.tag_n_train.image_classifiers import stacked_image_classifiers
from models.tag_n_train.image_detector import ImageTagNTrain
from models.tag_n_train.image_lessons import balanced_share
from tests.models import toy

QUICK = {
    "n_images": 2000,
    "filters": (4, 2),
    "dense": (),
    "latent": 2,
    "autoencoder_epochs": 4,
    "autoencoder_batch_size": 32,
    "classifier_filters": ((8,),),
    "classifier_dense": 8,
    "epochs": 6,
    "batch_size": 100,
}


def quick(**options):
    return ImageTagNTrain(**QUICK | options)


def test_the_classifier_is_as_large_as_that_of_the_paper():
    """Convolutions of 32, 8, 8 and 4 filters and 16 dense units; of every member."""
    assert stacked_image_classifiers(3, 40, ((32, 8), (8, 4)), 16, seed=1).count_params() == 3 * 6677


@pytest.mark.parametrize("size", [10, 41])
def test_images_that_cannot_be_pooled_are_refused(size):
    with pytest.raises(MaplessError, match="are left to be pooled"):
        stacked_image_classifiers(1, size, ((32, 8), (8, 4)), 16, seed=1)


def test_both_kinds_weigh_the_same_and_what_validates_is_not_trained_on():
    signal, background = np.arange(30), np.arange(100, 400)
    weight = np.random.default_rng(1).uniform(0.5, 1.5, 400)
    matched = np.where(np.arange(400) < 100, 1.0, 2.0) + np.random.default_rng(2).normal(0, 1, 400)
    share = balanced_share(signal, background, weight, 200, np.random.default_rng(3), matched)
    assert len(share.training) == 400
    assert not set(share.training) & set(share.validation)
    for rows, weights in (
        (share.training, share.training_weights),
        (share.validation, share.validation_weights),
    ):
        assert weights[rows < 100].sum() == pytest.approx(weights[rows >= 100].sum())
    mean = np.average(matched[share.training], weights=share.training_weights * (share.training >= 100))
    assert mean < 1.6  # background-rich rows have 2 without it, signal-rich ones 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"images": ("a",)}, "columns of two jets"),
        ({"match": {"jet1": "jet1_pt"}}, "a column of each or nothing"),
        ({"signal_rich": 0.3}, "must rise between 0 and 1"),
        ({"n_images": 0}, "n_images 0 is too small"),
    ],
)
def test_impossible_settings_are_one_line(options, message):
    with pytest.raises(MaplessError, match=message):
        quick(**options)


def test_too_few_events_are_one_line():
    events = toy.with_images(toy.background(30, seed=1), seed=2)
    with pytest.raises(MaplessError, match="30 events, of which 30 may be signal-rich, are too few"):
        quick().fit({"events": events})


def kept(score, events, share=0.01):
    """How many signal events of the window pass where a share of its background does, over its root."""
    inside, injected = toy.WINDOW.in_signal_region(events["mjj"]), events["injected"] > 0
    passed = score > np.quantile(score[inside & ~injected], 1 - share)
    return passed[inside & injected].mean()


@pytest.mark.physics
@pytest.mark.parametrize("any_mass", [True, False])
def test_a_planted_percent_is_found_better_than_by_autoencoders(any_mass):
    events = toy.with_images(toy.mixture(20000, 200, seed=21), seed=22)
    scores = quick(window=toy.WINDOW, any_mass=any_mass).fit({"events": events}).score(events)
    found, by_autoencoders = (kept(scores[name], events) for name in ("score", "autoencoder"))
    print(found, by_autoencoders)
    assert found > 0.7
    assert found > by_autoencoders


@pytest.mark.physics
def test_without_signal_both_scores_of_background_are_independent():
    events = toy.with_images(toy.mixture(20000, 0, seed=23), seed=24)
    scores = quick().fit({"events": events}).score(events)
    correlation = np.corrcoef(scores["first"], scores["second"])[0, 1]
    print(correlation)
    assert abs(correlation) < 4 / np.sqrt(len(events))
