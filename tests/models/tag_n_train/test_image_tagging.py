"""Which jets are tagged by images, on events whose answer is written down, and what learns from what."""

import numpy as np
import pytest

from errors import MaplessError
from models.tag_n_train.image_tagging import BOTH, Parts, Tagging, of_jets, rows_of, tagged_images
from tests.models import toy

TAGGING = Tagging(rounds=1, signal_rich=0.8, background_rich=0.4)


def parts(n=600, folds=3):
    return Parts.of(toy.background(n, seed=1), folds)


def test_no_network_tags_or_scores_what_it_learns_from_and_none_sees_the_fold_it_holds_out():
    of_events = parts()
    for member in (*of_events.taggers, *of_events.scorers):
        learnt, scored = of_events.learnt_by(member), of_events.scored_by(member)
        assert not (learnt & scored).any()
        assert not learnt[of_events.fold == member[0]].any()
    for tagger in of_events.taggers:
        assert not (of_events.learnt_by(tagger) & of_events.tagged_by(tagger)).any()
        both = (tagger[0], BOTH, tagger[2])
        together = of_events.learnt_by(tagger) | of_events.tagged_by(tagger)
        np.testing.assert_array_equal(together, of_events.learnt_by(both))


def test_every_event_is_scored_once_by_each_kind_of_network_for_each_jet():
    of_events = parts()
    for members in (of_events.taggers, of_events.scorers):
        for jet in (0, 1):
            scored = [of_events.scored_by(member) for member in members if member[2] == jet]
            np.testing.assert_array_equal(np.sum(scored, axis=0), 1)


def test_values_find_their_jets():
    of_events = parts(n=50, folds=2)
    masks = [of_events.scored_by(member) for member in of_events.scorers]
    rows = [rows_of(mask, jet) for mask, (*_, jet) in zip(masks, of_events.scorers, strict=True)]
    found = of_jets(of_events.scorers, masks, [one.astype(float) for one in rows]).sum(axis=0)
    np.testing.assert_array_equal(found, np.arange(100.0).reshape(2, 50))


def test_the_other_jet_decides_and_a_jet_is_signal_rich_in_the_window_only():
    """Ten events in each of two groups: scores 0 to 9 of the first jets, all second jets alike."""
    first = np.tile(np.arange(10.0), 2)
    second = np.linspace(0, 1, 20)
    groups = np.repeat([0, 1], 10)
    inside = first != 9
    signal, background = tagged_images(np.stack([first, second]), groups, inside, TAGGING)
    np.testing.assert_array_equal(np.flatnonzero(signal[1]), [8, 18])
    np.testing.assert_array_equal(np.flatnonzero(background[1]), [0, 1, 2, 3, 10, 11, 12, 13])
    np.testing.assert_array_equal(np.flatnonzero(signal[0]), [8, 18])


def test_events_of_no_group_are_left_out_and_nothing_signal_rich_is_one_line():
    scores, groups = np.random.default_rng(1).uniform(size=(2, 30)), np.repeat([-1, 0, 1], 10)
    everywhere = np.ones(30, bool)
    signal, background = tagged_images(scores, groups, everywhere, TAGGING)
    assert not (signal | background)[:, :10].any()
    with pytest.raises(MaplessError, match="no jet is signal-rich"):
        tagged_images(np.ones((2, 30)), groups, everywhere, TAGGING)
