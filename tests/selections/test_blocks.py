import numpy as np
import pytest

from errors import MaplessError
from selections.blocks import EventBlocks
from tests.selections.conftest import N_EVENTS

SMALL = 2**18
"""Bytes: far less than the sample, so that it takes many groups."""


@pytest.fixture(scope="module")
def blocks(sample):
    return EventBlocks(sample)


def numbers(blocks, size=777, **options):
    return np.concatenate([batch["number"] for batch in blocks.batches(["number"], size, **options)])


def test_every_event_comes_once_per_epoch_in_an_order_that_the_seed_decides(blocks, sample):
    first, second = (numbers(blocks, seed=1, epoch=epoch, memory=SMALL) for epoch in (0, 1))
    for order in (first, second):
        np.testing.assert_array_equal(np.sort(order), np.arange(N_EVENTS))
    assert np.mean(first == second) < 0.01
    np.testing.assert_array_equal(first, numbers(EventBlocks(sample), seed=1, memory=SMALL))
    assert np.mean(first == numbers(blocks, seed=2, memory=SMALL)) < 0.01


def test_a_memory_budget_decides_the_groups(blocks):
    assert np.ptp(numbers(blocks, seed=1, memory=SMALL)[:1000]) < N_EVENTS
    assert len(blocks._groups(SMALL // 64, 1, 0)) > 4
    assert len(blocks._groups(N_EVENTS, 1, 0)) == 1


def test_events_of_far_away_clusters_meet_in_a_batch(blocks):
    spread = [np.ptp(batch["number"]) for batch in blocks.batches(["number"], 500, seed=1)]
    assert min(spread) > 0.9 * N_EVENTS


def test_the_last_batch_is_smaller_not_padded_or_dropped(blocks):
    sizes = [len(batch["number"]) for batch in blocks.batches(["number"], 3000)]
    assert sizes == [3000] * 6 + [2000]


def test_without_a_seed_events_keep_their_order(blocks):
    np.testing.assert_array_equal(numbers(blocks, 999, memory=SMALL), np.arange(N_EVENTS))


def test_only_the_events_of_a_mask_come(blocks):
    kept = np.arange(N_EVENTS) % 7 == 3
    np.testing.assert_array_equal(numbers(blocks, kept=kept, memory=SMALL), np.flatnonzero(kept))
    shuffled = numbers(blocks, seed=1, kept=kept, memory=SMALL)
    np.testing.assert_array_equal(np.sort(shuffled), np.flatnonzero(kept))
    assert numbers(blocks, kept=np.arange(N_EVENTS) == 5).tolist() == [5]
    assert list(blocks.batches(["number"], 10, kept=np.zeros(N_EVENTS, bool))) == []


def test_constituents_are_padded_with_zeros_and_cut_at_one_hundred(blocks):
    batch = next(blocks.batches(["number", "jet1_constituent"], 2000, seed=1))
    padded = batch["jet1_constituent"]
    assert padded.shape == (2000, 100, 3)
    assert padded.dtype == np.float32
    counts = np.minimum(1 + batch["number"].astype(int) % 120, 100)
    filled = np.arange(100) < counts[:, np.newaxis]
    np.testing.assert_array_equal(padded[filled][:, 0], np.repeat(batch["number"] + 1, counts))
    assert set(padded[filled][:, 1]) == {0.5}
    assert set(padded[filled][:, 2]) == {-0.25}
    assert not padded[~filled].any()


def test_arrays_of_fixed_length_keep_their_shape(shapes):
    blocks = EventBlocks(shapes)
    (batch,) = blocks.batches(["image", "matrix", "small"], 1000)
    assert batch["image"].shape == (500, 5)
    assert batch["matrix"].shape == (500, 2, 3)
    assert batch["matrix"].dtype == np.float64
    np.testing.assert_array_equal(batch["image"][:, 4], np.arange(500))
    np.testing.assert_array_equal(batch["matrix"][:, 1, 0], -np.arange(500.0))
    np.testing.assert_array_equal(batch["small"], (np.arange(500) % 100).astype(np.int16))
    np.testing.assert_array_equal(blocks.read("matrix", np.arange(500) == 7)[0, 1], [-7, 0, 8])


def test_files_are_read_one_after_the_other(sample):
    twice = numbers(EventBlocks([sample, sample]))
    np.testing.assert_array_equal(twice, np.tile(np.arange(N_EVENTS), 2))


def test_columns_that_not_all_files_have_are_left_out(sample, shapes):
    columns = EventBlocks([sample, shapes]).columns
    assert {"run", "event"} <= columns.keys()
    assert "number" not in columns


@pytest.mark.parametrize(
    ("columns", "size", "message"),
    [
        (["numbre"], 10, "numbre is not among the columns of .*; did you mean number?"),
        (["jet9"], 10, "jet9 is not among"),
        (["number"], 0, "batches of 0 events and 1 columns are impossible"),
        ([], 10, "batches of 10 events and 0 columns are impossible"),
    ],
)
def test_wrong_arguments_are_one_line(blocks, columns, size, message):
    with pytest.raises(MaplessError, match=message):
        blocks.batches(columns, size)


def test_batches_do_not_depend_on_the_number_of_threads_that_wrote_the_file(in_subprocess, tmp_path):
    code = """
import numpy as np
from selections import snapshot
from selections.blocks import EventBlocks
from selections.root import import_root, use_threads
snapshot.CLUSTER_BYTES = 2**16
found = []
for threads in (1, 3):
    use_threads(threads)
    frame = import_root().RDataFrame(50_000).Define("run", "1u").Define("luminosity_block", "2u")
    frame = frame.Define("event", "rdfentry_").Define("x", "0.5f * rdfentry_").Filter("event % 3 != 0")
    blocks = EventBlocks(snapshot.write(frame, f"FOLDER/{threads}.root", ["x"]))
    for seed in (None, 1):
        parts = blocks.batches(["x"], 100, seed=seed, memory=2**18)
        found.append(np.concatenate([batch["x"] for batch in parts]))
one, one_shuffled, three, three_shuffled = found
print(len(one), (one == three).all(), (one_shuffled == three_shuffled).all(), (one == one_shuffled).all())
"""
    output = in_subprocess(code.replace("FOLDER", str(tmp_path)))
    assert output.split() == ["33333", "True", "True", "False"]


def test_memory_stays_within_the_budget_for_a_sample_that_is_larger(in_subprocess, sample):
    """10 files of 23 MB once padded, a budget of 24 MB, and room for two batches and the open files."""
    code = rf"""
import re, pathlib
import awkward, uproot
from selections.blocks import EventBlocks
# ru_maxrss would start from the peak of the parent process
peak = lambda: int(re.search(r"VmHWM:\s*(\d+)", pathlib.Path("/proc/self/status").read_text())[1]) / 1024
next(EventBlocks({str(sample)!r}).batches(["number", "jet1_constituent"], 4096, memory=2**20))
before = peak()
events = EventBlocks([{str(sample)!r}] * 10)
batches = events.batches(["number", "jet1_constituent"], 4096, seed=1, memory=24 * 2**20)
total = sum(batch["jet1_constituent"].nbytes for batch in batches)
print(total / 2**20, peak() - before)
"""
    total, grown = map(float, in_subprocess(code).split())
    assert total > 220
    assert grown < 24 + 24
