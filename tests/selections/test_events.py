import numpy as np
import pytest

from errors import MaplessError
from selections.events import EventTable, StoredEvents, concatenate, draw, inject, share
from selections.folds import event_hash
from tests.selections.conftest import N_EVENTS


def table(n_events=100, run=1, **columns):
    number = np.arange(n_events)
    name = {"run": np.full(n_events, run), "luminosity_block": number // 10, "event": number}
    return EventTable(name | {"x": number.astype(np.float32)} | columns)


@pytest.fixture(scope="module")
def stored(sample):
    return StoredEvents(sample)


def stream(events, columns, size, **order):
    batches = list(events.batches(columns, size, **order))
    assert [len(batch[columns[0]]) for batch in batches[:-1]] == [size] * (len(batches) - 1)
    return {name: np.concatenate([batch[name] for batch in batches]) for name in columns}


def test_key_weight_and_injected_are_always_there(stored):
    for events in (table(), stored, table().where(np.arange(100) > 50), concatenate(table(), stored)):
        assert {"key", "weight", "injected"} <= events.columns
        name = [events[part] for part in ("run", "luminosity_block", "event")]
        np.testing.assert_array_equal(events["key"], event_hash(*name))
        assert not events["injected"].any()
        assert events["injected"].dtype == np.int32
        assert len(events["weight"]) == len(events)
    assert set(table()["weight"]) == {1}
    assert stored["weight"][3] == np.float32(0.503)


def test_the_events_of_a_mask_keep_their_order_and_columns(stored):
    for events in (table(N_EVENTS), stored, concatenate(table(N_EVENTS // 2), table(N_EVENTS // 2, run=2))):
        mask = events["event"] % 3 == 1
        kept = events.where(mask)
        again = kept.where(kept["event"] % 2 == 0)
        assert len(kept) == np.count_nonzero(mask)
        np.testing.assert_array_equal(kept["event"], events["event"][mask])
        np.testing.assert_array_equal(kept["key"], events["key"][mask])
        np.testing.assert_array_equal(again["event"], events["event"][events["event"] % 6 == 4])
        assert len(again) == len(again["event"])


def test_columns_with_a_shape_are_read_for_the_events_of_a_mask(stored, shapes):
    kept = stored.where(stored["number"] > N_EVENTS - 4)
    assert kept["jet1_constituent"].shape == (3, 100, 3)
    np.testing.assert_array_equal(kept["jet1_constituent"][:, 0, 0], kept["number"] + 1)
    events = StoredEvents(shapes)
    assert events.where(events["event"] < 2)["matrix"].tolist()[1] == [[0, 0, 0], [-1, 0, 2]]


@pytest.mark.parametrize("size", [37, 5000])
def test_batches_hold_every_event_once_in_order_or_shuffled(stored, size):
    joined = concatenate(stored, table(50, run=9, mjj=np.ones(50), number=-np.arange(50.0)))
    for events in (table(), stored, joined, joined.where(joined["mjj"] < 2000)):
        columns = ["event", "key", "weight", "injected"]
        in_order = stream(events, columns, size)
        for name in columns:
            np.testing.assert_array_equal(in_order[name], events[name])
        shuffled = stream(events, columns, size, seed=1)
        assert (shuffled["key"] != events["key"]).any()
        np.testing.assert_array_equal(np.sort(shuffled["key"]), np.sort(events["key"]))
        again, later = (stream(events, columns, size, seed=1, epoch=epoch) for epoch in (0, 1))
        np.testing.assert_array_equal(again["key"], shuffled["key"])
        assert (later["key"] != shuffled["key"]).any()
        np.testing.assert_array_equal(np.sort(later["key"]), np.sort(events["key"]))


def test_shuffled_batches_of_joined_events_mix_them():
    joined = concatenate(table(9000), table(1000, run=2), table(0, run=3))
    shares = [np.mean(batch["run"] == 2) for batch in joined.batches(["run"], 1000, seed=1)]
    assert min(shares) > 0.05
    assert max(shares) < 0.15


def test_joined_events_have_the_common_columns():
    joined = concatenate(table(3, a=[1, 2, 3]), table(2, run=2, b=[1, 2]))
    assert {"x", "event", "key"} <= joined.columns
    assert not {"a", "b"} & joined.columns
    assert joined["x"].tolist() == [0, 1, 2, 0, 1]
    with pytest.raises(MaplessError, match="a is not among the columns of these events"):
        joined["a"]


def test_nothing_is_read_before_a_column_is_asked_for(stored, sample):
    events = concatenate(StoredEvents(sample), table(run=3))
    kept = events.where(np.ones(len(events), bool))
    assert len(kept) == N_EVENTS + 100
    assert not any(part._arrays for part in (events, kept, events._parts[0], kept._parts[0]))


def test_injected_events_are_those_of_the_seeded_draw_in_its_order():
    events, signal = table(1000), table(300, run=7)
    injected = inject(events, signal, 20, seed=4, number=2)
    drawn = np.random.default_rng(4).choice(300, 20, replace=False)
    assert injected["injected"].tolist() == [0] * 1000 + [2] * 20
    assert injected["event"].tolist() == [*range(1000), *drawn]
    assert injected["run"].tolist() == [1] * 1000 + [7] * 20
    twice = inject(injected, table(300, run=8), 5, seed=4, number=3)
    assert np.bincount(twice["injected"]).tolist() == [1000, 0, 20, 5]


def test_a_varied_weight_decides_how_likely_an_event_is_drawn():
    names = {"run": np.ones(30, int), "luminosity_block": np.ones(30, int), "event": np.arange(30)}
    signal = EventTable({**names, "weight_up": np.repeat([0.0, 1.0, 3.0], 10)})
    rows = np.concatenate([draw(signal, 1, seed, "weight_up") for seed in range(2000)])
    never, once, thrice = np.bincount(rows // 10, minlength=3)
    assert never == 0
    assert thrice / once == pytest.approx(3, rel=0.2)
    with pytest.raises(MaplessError, match="21 signal events cannot be injected, only 20 pass"):
        draw(signal, 21, 1, "weight_up")


def test_events_are_not_injected_twice_or_from_too_small_a_sample():
    with pytest.raises(MaplessError, match="31 signal events cannot be injected, only 30 pass"):
        inject(table(), table(30, run=2), 31, seed=1)
    with pytest.raises(MaplessError, match=r"5 events of injection 1 are there twice.* a run of its own"):
        inject(table(), table(30), 5, seed=1)
    doubled = concatenate(table(3, run=2), table(3, run=2))
    with pytest.raises(MaplessError, match="3 events of injection 1 are there twice"):
        inject(table(), doubled, 6, seed=1)


def test_a_share_is_the_same_wherever_it_is_taken_and_does_not_know_of_folds():
    events = table(50_000)
    one = share(events, 0.1)
    assert len(one) == pytest.approx(5000, abs=5 * np.sqrt(4500))
    for k in (2, 5, 20):
        counts = np.bincount((one["key"] % np.uint64(k)).astype(int), minlength=k)
        assert np.all(np.abs(counts - 5000 / k) < 5 * np.sqrt(5000 / k))
    half = events.where(events["event"] % 2 == 0)
    np.testing.assert_array_equal(share(half, 0.1)["event"], one["event"][one["event"] % 2 == 0])
    assert set(share(events, 0.05)["event"]) < set(one["event"])
    assert len(share(events, 1)) == 50_000
    with pytest.raises(MaplessError, match="a share of 0 of the events"):
        share(events, 0)


def test_events_without_a_name_or_of_different_lengths_are_refused():
    with pytest.raises(MaplessError, match="events without run have no name"):
        EventTable({"x": [1.0]})
    with pytest.raises(MaplessError, match="column y has 2 events instead of 3"):
        table(3, y=[1, 2])
    with pytest.raises(MaplessError, match="xx is not among the columns of these events; did you mean x?"):
        table(3, xxx=[1, 2, 3])["xx"]


def test_several_files_are_one_after_the_other(sample):
    events = StoredEvents([sample, sample])
    assert len(events) == 2 * N_EVENTS
    np.testing.assert_array_equal(events["number"], np.tile(np.arange(N_EVENTS), 2))
