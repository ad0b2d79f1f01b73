"""Which jets are tagged, and with which weights, on events whose answer is written down."""

import numpy as np
import pytest

from errors import MaplessError
from models.tag_n_train.tagging import Jets, tagged
from models.window import Window

WINDOW = Window("W", "m", 2.0, 3.0, (1.0, 2.0), (3.0, 4.0))


def jets(n=400, seed=1, matched=None):
    random = np.random.default_rng(seed)
    mass, fold = random.uniform(1, 4, n), random.integers(0, 3, n)
    return Jets(mass, fold, np.ones(n), random.uniform(size=(2, n)), matched)


def test_the_other_jet_decides():
    """Ten events in the window with errors 0 to 9 of the first jet; all second jets have 4.5."""
    mass = np.repeat([2.5, 1.5, 3.5], [10, 4, 4])
    first = np.concatenate([np.arange(10), np.full(8, 20)])
    errors = np.stack([first, np.full(18, 4.5)]).astype(float)
    lesson = tagged(Jets(mass, np.zeros(18, int), np.ones(18), errors, None), WINDOW, 1, 0.8, 0.5)
    found = dict(zip(lesson.rows.tolist(), lesson.labels.tolist(), strict=True))
    sidebands = [row + 18 * jet for jet in (0, 1) for row in range(10, 18)]
    assert [row for row, label in found.items() if label] == [18 + event for event in (6, 7, 8, 9)]
    assert {row for row, label in found.items() if not label} >= {*sidebands, 18, 19, 20, 21}
    assert not {row for row in found if row < 10}  # their partners are neither well nor badly reproduced


def test_window_and_sidebands_weigh_the_same_and_the_fold_is_left_out():
    events = jets()
    lesson = tagged(events, WINDOW, 2, 0.8, 0.5)
    event = lesson.rows % len(events.mass)
    assert (events.fold[event] != 2).all()
    regions = (WINDOW.in_low_sideband, WINDOW.in_signal_region, WINDOW.in_high_sideband)
    sums = [lesson.weights[region(events.mass[event])].sum() for region in regions]
    np.testing.assert_allclose(sums, len(lesson.rows) / 3, rtol=1e-5)
    inside = WINDOW.in_signal_region(events.mass[event])
    share = lesson.labels[inside].mean()
    assert share == pytest.approx(0.2 / 0.7, abs=0.08)
    assert not lesson.labels[~inside].any()


def test_errors_of_events_in_the_fold_change_nothing():
    events = jets()
    errors = events.errors.copy()
    errors[:, events.fold == 1] = 1e6
    other = Jets(events.mass, events.fold, events.weight, errors, None)
    for one, two in zip(
        vars(tagged(events, WINDOW, 1, 0.8, 0.5)).values(),
        vars(tagged(other, WINDOW, 1, 0.8, 0.5)).values(),
        strict=True,
    ):
        np.testing.assert_array_equal(one, two)


def test_the_spectrum_of_background_rich_jets_is_matched():
    n = 4000
    random = np.random.default_rng(3)
    events = jets(n)
    pt = random.normal(1000 + 300 * events.mass, 50, (2, n))
    matched = Jets(events.mass, events.fold, events.weight, events.errors, pt)
    means = []
    for one in (events, matched):
        lesson = tagged(one, WINDOW, 0, 0.8, 0.5)
        values, weights = pt.ravel()[lesson.rows], lesson.weights
        signal, background = (
            np.average(values[chosen], weights=weights[chosen]) for chosen in (lesson.labels, ~lesson.labels)
        )
        width = values[lesson.labels].std(), values[~lesson.labels].std()
        means.append(abs(signal - background))
    assert width[1] > 1.5 * width[0]
    assert means[1] < 10


def test_nothing_signal_rich_is_one_line():
    events = jets()
    flat = Jets(events.mass, events.fold, events.weight, np.ones_like(events.errors), None)
    with pytest.raises(MaplessError, match="no jet in window W .* is signal-rich"):
        tagged(flat, WINDOW, 0, 0.8, 0.5)
