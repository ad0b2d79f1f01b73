"""The autoencoder finds events that are unlike those that it learnt from."""

import numpy as np
import pytest

from errors import MaplessError
from models.autoencoder.detector import Autoencoder
from tests.models import toy

OPTIONS = {"share": 1.0, "starts": 3, "hidden": (32,), "latent": 4, "epochs": 60}


def events(n, seed, odd=False):
    """Vectors of 20 numbers that follow from three; of odd ones two neighbours are swapped."""
    random = np.random.default_rng(seed)
    mixing = np.random.default_rng(0).normal(size=(3, 20))
    vector = 1 / (1 + np.exp(-random.normal(size=(n, 3)) @ mixing))
    if odd:
        vector[:, [0, 1, 2, 3]] = vector[:, [1, 0, 3, 2]]
    key = random.integers(0, 2**63, n).astype(np.uint64)
    return toy.Events({"key": key, "vector": vector.astype(np.float32)})


@pytest.fixture(scope="module")
def trained():
    return Autoencoder("vector", **OPTIONS).fit({"events": events(5000, 1)})


def test_odd_events_are_rebuilt_worse_than_those_of_the_kind_that_was_learnt(trained):
    ordinary, odd = (trained.score(events(2000, seed, seed == 3))["score"] for seed in (2, 3))
    assert np.mean(odd[:, None] > ordinary[None, :500]) > 0.9


def test_too_small_a_share_is_refused():
    with pytest.raises(MaplessError, match=r"events are a share of 0.01 of 5,000, too few .*raise share"):
        Autoencoder("vector").fit({"events": events(5000, 1)})


def test_a_column_of_single_numbers_is_refused():
    one = events(2000, 1)
    with pytest.raises(MaplessError, match="column 'vector' holds no vectors"):
        Autoencoder("vector", share=1.0).fit({"events": one.but(vector=one["vector"][:, 0])})
