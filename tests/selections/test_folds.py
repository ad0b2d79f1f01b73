import numpy as np
import pytest

from errors import MaplessError
from selections import headers
from selections.folds import fold
from selections.root import import_root


def test_the_folds_of_numpy_and_of_the_cpp_header_are_the_same(rng):
    headers.load("mapless/fold.h")
    run = rng.integers(1, 2**32, 300, dtype=np.uint64)
    block = rng.integers(0, 5000, 300, dtype=np.uint64)
    event = rng.integers(0, 2**64, 300, dtype=np.uint64)
    cpp = import_root().mapless.fold
    expected = [cpp(int(r), int(b), int(e), 20) for r, b, e in zip(run, block, event, strict=True)]
    assert fold(run, block, event, 20).tolist() == expected


def test_folds_are_equally_full_even_for_consecutive_events():
    counts = np.bincount(fold(1, 1, np.arange(100_000), 5))
    assert np.all(np.abs(counts - 20_000) < 5 * np.sqrt(16_000))


def test_folds_of_neighbouring_blocks_are_independent():
    first, second = fold(1, 1, np.arange(50_000), 5), fold(1, 2, np.arange(50_000), 5)
    assert np.mean(first == second) == pytest.approx(0.2, abs=0.01)


def test_event_numbers_that_lost_digits_are_refused():
    with pytest.raises(MaplessError, match="keep them as integers"):
        fold(1, 1, np.array([2.0**53]), 5)


def test_zero_folds_are_refused():
    with pytest.raises(MaplessError, match="0 folds"):
        fold(1, 1, [1], 0)
