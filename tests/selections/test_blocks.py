import numpy as np
import pytest

from errors import MaplessError
from selections.blocks import EventBlocks, check_disjoint
from tests.selections.conftest import N_EVENTS

SMALL = 2**20
"""Bytes: far less than the sample, so that it takes many groups."""


def numbers(events, epoch=0):
    return np.concatenate([batch["number"] for batch in events.epoch(epoch)])


def test_every_event_comes_once_per_epoch_in_an_order_that_the_seed_decides(sample):
    events = EventBlocks(sample, ["number"], size=777, memory=SMALL // 8)
    first, second = numbers(events, 0), numbers(events, 1)
    for order in (first, second):
        np.testing.assert_array_equal(np.sort(order), np.arange(N_EVENTS))
    assert np.mean(first == second) < 0.01
    np.testing.assert_array_equal(
        first, numbers(EventBlocks(sample, ["number"], size=777, memory=SMALL // 8))
    )
    assert (
        np.mean(first == numbers(EventBlocks(sample, ["number"], seed=2, size=777, memory=SMALL // 8))) < 0.01
    )


def test_a_memory_budget_decides_the_groups(sample):
    assert len(EventBlocks(sample, ["number"], memory=SMALL // 8)._groups(0)) > 10
    assert len(EventBlocks(sample, ["number"])._groups(0)) == 1


def test_events_of_far_away_clusters_meet_in_a_batch(sample):
    events = EventBlocks(sample, ["number"], size=500)
    spread = [np.ptp(batch["number"]) for batch in events.epoch(0)]
    assert min(spread) > 0.9 * N_EVENTS


def test_the_last_batch_is_smaller_not_padded_or_dropped(sample):
    sizes = [
        len(batch["number"]) for batch in EventBlocks(sample, ["number"], size=3000, shuffle=False).epoch()
    ]
    assert sizes == [3000] * 6 + [2000]


def test_without_shuffling_events_keep_their_order(sample):
    events = EventBlocks(sample, ["number"], size=999, shuffle=False, memory=SMALL)
    np.testing.assert_array_equal(numbers(events), np.arange(N_EVENTS))


def test_a_batch_is_the_same_whenever_it_is_asked_for(sample):
    events = EventBlocks(sample, ["number"], size=1000, memory=SMALL // 8)
    in_order = [batch["number"] for batch in events.epoch(3)]
    for position in (19, 0, 7, 19):
        np.testing.assert_array_equal(events.batch(position, 3)["number"], in_order[position])


def test_only_the_events_of_the_wanted_folds_come(sample):
    kept = EventBlocks(sample, ["fold", "number"], folds=[0, 3], size=1000)
    folds = np.concatenate([batch["fold"] for batch in kept.epoch()])
    assert set(folds) == {0, 3}
    assert len(folds) == kept.n_events
    rest = EventBlocks(sample, ["number"], folds=[1, 2, 4])
    assert kept.n_events + rest.n_events == N_EVENTS


def test_constituents_are_padded_with_zeros_and_cut_at_one_hundred(sample):
    events = EventBlocks(sample, ["number"], constituents=["jet1_constituent"], size=2000)
    batch = events.batch(0)
    padded = batch["jet1_constituent"]
    assert padded.shape == (2000, 100, 3)
    assert padded.dtype == np.float32
    counts = np.minimum(1 + batch["number"].astype(int) % 120, 100)
    filled = np.arange(100) < counts[:, np.newaxis]
    np.testing.assert_array_equal(padded[filled][:, 0], np.repeat(batch["number"] + 1, counts))
    assert set(padded[filled][:, 1]) == {0.5}
    assert set(padded[filled][:, 2]) == {-0.25}
    assert not padded[~filled].any()


def test_files_are_read_one_after_the_other(sample):
    events = EventBlocks([sample, sample], ["number"], size=4096)
    assert events.n_events == 2 * N_EVENTS
    assert np.bincount(numbers(events).astype(int)).tolist() == [2] * N_EVENTS


def test_a_planted_leak_between_training_and_validation_is_caught(sample):
    training = EventBlocks(sample, ["number"], folds=[0, 1, 2, 3])
    check_disjoint(training, EventBlocks(sample, ["number"], folds=[4]))
    leaky = EventBlocks(sample, ["number"], folds=[3, 4])
    shared = EventBlocks(sample, ["number"], folds=[3]).n_events
    with pytest.raises(MaplessError, match=f"{shared:,} events are in training and validation alike"):
        check_disjoint(training, leaky)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"columns": ["numbre"]}, "numbre is not among the columns of .*; did you mean number?"),
        ({"columns": ["number"], "constituents": ["jet9"]}, "jet9_pt is not among"),
        ({"columns": ["number"], "folds": [7]}, "no events of folds"),
        ({"columns": ["number"], "size": 0}, "batches of 0 events are impossible"),
    ],
)
def test_wrong_arguments_are_one_line(sample, arguments, message):
    with pytest.raises(MaplessError, match=message):
        EventBlocks(sample, **arguments)


def test_memory_stays_within_the_budget_for_a_sample_that_is_larger(in_subprocess, sample):
    """10 files of 23 MB once padded, a budget of 24 MB, and room for two batches and the open files."""
    code = rf"""
import re, pathlib
import awkward, uproot
from selections.blocks import EventBlocks
# ru_maxrss would start from the peak of the parent process
peak = lambda: int(re.search(r"VmHWM:\s*(\d+)", pathlib.Path("/proc/self/status").read_text())[1]) / 1024
next(EventBlocks({str(sample)!r}, ["number"], constituents=["jet1_constituent"], memory=2**20).epoch())
before = peak()
files = [{str(sample)!r}] * 10
events = EventBlocks(files, ["number"], constituents=["jet1_constituent"], memory=24 * 2**20)
total = sum(batch["jet1_constituent"].nbytes for batch in events.epoch())
print(total / 2**20, peak() - before)
"""
    total, grown = map(float, in_subprocess(code).split())
    assert total > 220
    assert grown < 24 + 24
