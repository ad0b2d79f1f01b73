import numpy as np
import pytest

from errors import MaplessError
from models.events import column, event_weights, fold
from tests.models.toy import Events

EVENTS = Events({"key": np.array([7, 2**64 - 1], np.uint64), "mjj": np.array([1.0, np.inf])})


def test_a_column_that_is_missing_or_not_finite_is_named():
    with pytest.raises(MaplessError, match="'tau21' is missing"):
        column(EVENTS, "tau21")
    with pytest.raises(MaplessError, match="'mjj' is not a finite number in 1 of 2"):
        column(EVENTS, "mjj")


def test_the_fold_is_the_remainder_of_the_key():
    assert fold(EVENTS, 5).tolist() == [2, (2**64 - 1) % 5]


def test_every_event_counts_once_unless_weights_are_named():
    assert event_weights(EVENTS, None).tolist() == [1, 1]
    assert event_weights(EVENTS.but(weight=np.array([0.5, 2])), "weight").tolist() == [0.5, 2]


def test_negative_weights_are_refused_where_a_detector_learns_from_them():
    with pytest.raises(MaplessError, match="'weight' is negative in 1 of 2 events"):
        event_weights(EVENTS.but(weight=np.array([0.5, -2])), "weight")
