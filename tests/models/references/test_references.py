"""References on two normal distributions, whose best possible classifier is known."""

import numpy as np
import pytest

from errors import MaplessError
from models.made import Made
from models.registry import make_detector
from tests.models import toy

CENTRE, WIDTH = 1.5, 0.4
QUICK = {
    "reference-trees": {"members": 3, "iterations": 40},
    "reference-networks": {"members": 3, "hidden": [16, 16], "epochs": 10, "batch_size": 512},
}


def events(n_background, n_signal, seed):
    """Background around 0 and signal around CENTRE in two features, in this order."""
    random = np.random.default_rng(seed)
    background, signal = random.normal(size=(2, n_background)), random.normal(size=(2, n_signal))
    x, y = np.concatenate([background, CENTRE + WIDTH * signal], axis=1)
    n = n_background + n_signal
    return toy.Events({"x": x, "y": y, "key": random.integers(0, 2**64, n, dtype=np.uint64)})


TEST = events(20_000, 5_000, seed=3)


def kept(score):
    """Share of the signal of TEST above the score of one background event in a hundred."""
    return np.mean(score[20_000:] > np.quantile(score[:20_000], 0.99))


def best():
    """The same of the ratio of the two densities."""
    from_signal = ((TEST["x"] - CENTRE) ** 2 + (TEST["y"] - CENTRE) ** 2) / WIDTH**2
    return kept(TEST["x"] ** 2 + TEST["y"] ** 2 - from_signal)


@pytest.mark.parametrize(
    "name", ["reference-trees", pytest.param("reference-networks", marks=pytest.mark.physics)]
)
@pytest.mark.parametrize(("against", "share"), [("signal", 0.93), ("events", 0.8)])
def test_references_come_close_to_the_best_classifier(name, against, share):
    other = events(0, 3_000, seed=2) if against == "signal" else events(15_000, 450, seed=2)
    detector = make_detector(Made(name, QUICK[name] | {"against": against}), features=["x", "y"], folds=1)
    detector.fit({"background": events(15_000, 0, seed=1), against: other})
    assert kept(detector.score(TEST)["score"]) > share * best()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"against": "data"}, "'signal' or 'events'"),
        ({"features": []}, "at least one feature"),
        ({"members": 0}, "members: Input should be greater than or equal to 1"),
    ],
)
def test_an_impossible_reference_is_refused(options, complaint):
    with pytest.raises(MaplessError, match=complaint):
        make_detector(Made("reference-trees", {"features": ["x"], **options}))


def test_a_sample_without_events_is_named():
    detector = make_detector(Made("reference-trees", {"features": ["x"], "folds": 1}))
    with pytest.raises(MaplessError, match="there is no signal to learn from"):
        detector.fit({"background": events(100, 0, 1), "signal": events(0, 0, 1)})
