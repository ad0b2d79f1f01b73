"""Jets unlike those of the control region score higher, by the losses of either or both of them."""

import numpy as np
import pytest

from errors import MaplessError
from models.image_autoencoder.detector import ImageAutoencoder
from tests.models import toy


def images(n, seed, **but):
    """Events with blobs as images, or other ones in some columns."""
    return toy.with_images(toy.background(n, seed), seed).but(**but)


@pytest.fixture(scope="module")
def trained():
    return ImageAutoencoder(epochs=5, batch_size=64, latent=2).fit({"background": images(2000, seed=1)})


@pytest.fixture(scope="module")
def two_blobs():
    return toy.with_images(toy.mixture(10, 300, seed=5), seed=6)


def test_jets_unlike_the_background_score_higher(trained, two_blobs):
    odd = trained.score(two_blobs.where(two_blobs["injected"] > 0))
    ordinary = trained.score(images(500, seed=2))
    for name in trained.scores:
        assert (ordinary[name][:, None] < odd[name]).mean() > 0.8


def test_the_scores_are_combinations_of_the_losses_of_both_jets(trained):
    events = images(300, seed=3)
    scores = trained.score(events)
    swapped = trained.score(events.but(jet1_image=events["jet2_image"], jet2_image=events["jet1_image"]))
    np.testing.assert_allclose(swapped["first"], scores["second"], rtol=1e-5)
    both = np.stack([scores["first"], scores["second"]])
    for name, combined in {"sum": np.sum, "both": np.min, "either": np.max}.items():
        np.testing.assert_array_equal(scores[name], combined(both, axis=0))


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (
            {"jet1_image": np.zeros((100, 7, 7), np.float32), "jet2_image": np.zeros((100, 7, 7))},
            "of 7 pixels",
        ),
        ({"jet1_image": np.zeros((100, 8, 6), np.float32)}, "'jet1_image' holds no square images"),
        ({"jet2_image": np.zeros((100, 10, 10), np.float32)}, "'jet2_image' holds no square images"),
    ],
)
def test_what_are_no_images_of_one_size_is_refused(columns, words):
    with pytest.raises(MaplessError, match=words):
        ImageAutoencoder(batch_size=8).fit({"background": images(100, seed=4, **columns)})


def test_impossible_settings_and_too_few_events_are_refused():
    with pytest.raises(MaplessError, match="rates are 5 and 2"):
        ImageAutoencoder(rates=(5.0, 2.0))
    with pytest.raises(MaplessError, match="100 background events are too few"):
        ImageAutoencoder(batch_size=128).fit({"background": images(100, seed=4)})
