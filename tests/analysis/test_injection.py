import numpy as np
import pytest

from analysis.injection import inject
from errors import MaplessError

BACKGROUND = {"mjj": np.arange(5.0), "fold": np.arange(5)}
SIGNAL = {"mjj": np.arange(100.0, 110.0), "fold": np.arange(10), "extra": np.zeros(10)}


def test_signal_follows_the_events_without_repetition() -> None:
    events = inject(BACKGROUND, SIGNAL, 10, seed=1)  # as many as there are
    assert set(events) == {"mjj", "fold"}
    np.testing.assert_array_equal(events["mjj"][:5], BACKGROUND["mjj"])
    np.testing.assert_array_equal(np.sort(events["mjj"][5:]), SIGNAL["mjj"])
    np.testing.assert_array_equal(events["mjj"][5:] - 100, events["fold"][5:])


def test_the_seed_decides_which() -> None:
    first, again, other = (inject(BACKGROUND, SIGNAL, 4, seed)["mjj"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_more_than_there_is_names_the_numbers() -> None:
    with pytest.raises(MaplessError, match=r"injection.n_events=11, but only 10"):
        inject(BACKGROUND, SIGNAL, 11, seed=1)
