import numpy as np
import pytest

from errors import MaplessError
from selections.events import EventTable, concatenate, inject
from selections.root import import_root
from selections.scores import read_scores, write_scores


def events_of_run(run, n_events):
    number = np.arange(n_events, dtype=np.uint64)
    return EventTable(
        {"run": np.full(n_events, run), "luminosity_block": number // 7, "event": number + 2**60}
    )


@pytest.fixture
def injected():
    return inject(events_of_run(1, 500), events_of_run(2, 100), 20, seed=1)


def number_of(events):
    """A score that tells from which event it came."""
    return 1000.0 * events["run"] + (events["event"] - np.uint64(2**60))


def test_scores_come_back_to_their_events_in_whatever_order(injected, tmp_path):
    scores = {"loss": number_of(injected), "other": np.float32(-number_of(injected))}
    path = write_scores(tmp_path / "scores.root", injected, scores)
    mask = number_of(injected) % 3 == 1
    shuffled = EventTable({}, source=injected, rows=np.random.default_rng(2).permutation(len(injected)))
    for events in (injected, injected.where(mask), shuffled):
        found = read_scores(path, events)
        np.testing.assert_array_equal(found["loss"], number_of(events))
        np.testing.assert_array_equal(found["other"], -number_of(events))
        assert found["other"].dtype == np.float32
    assert [file.name for file in tmp_path.iterdir()] == ["scores.root"]


def test_an_injected_event_is_not_the_same_event_by_itself(tmp_path):
    signal = events_of_run(2, 30)
    injected = inject(events_of_run(1, 5), signal, 30, seed=1)
    path = write_scores(tmp_path / "scores.root", concatenate(injected, signal), {"score": np.arange(65.0)})
    assert read_scores(path, signal)["score"].tolist() == list(range(35, 65))
    assert read_scores(path, injected)["score"].tolist() == list(range(35))


def test_an_event_without_score_or_with_two_is_refused(injected, tmp_path):
    path = write_scores(tmp_path / "some.root", events_of_run(1, 490), {"score": np.zeros(490)})
    with pytest.raises(MaplessError, match=r"some.root lacks the scores of 30 of 520 events"):
        read_scores(path, injected)
    nothing = injected.where(np.zeros(520, bool))
    empty = write_scores(tmp_path / "empty.root", nothing, {"score": np.zeros(0)})
    with pytest.raises(MaplessError, match="lacks the scores of 520 of 520 events"):
        read_scores(empty, injected)
    assert len(read_scores(path, nothing)["score"]) == 0
    doubled = concatenate(events_of_run(1, 9), events_of_run(1, 4))
    path = write_scores(tmp_path / "twice.root", doubled, {"score": np.zeros(13)})
    with pytest.raises(MaplessError, match="twice.root holds 4 events more than once"):
        read_scores(path, events_of_run(1, 9))


def test_root_reads_scores(injected, tmp_path):
    path = write_scores(tmp_path / "scores.root", injected, {"score": number_of(injected)})
    frame = import_root().RDataFrame("Scores", str(path))
    found = frame.Filter("injected == 1 && run == 2").AsNumpy(["score", "event"])
    assert len(found["score"]) == 20
    np.testing.assert_array_equal(found["score"] - 2000, found["event"] - np.uint64(2**60))


def test_scores_of_a_wrong_shape_or_name_are_refused(injected, tmp_path):
    with pytest.raises(MaplessError, match=r"score loss has shape \(520, 2\) for 520 events"):
        write_scores(tmp_path / "scores.root", injected, {"loss": np.zeros((520, 2))})
    with pytest.raises(MaplessError, match="cannot be called event"):
        write_scores(tmp_path / "scores.root", injected, {"event": np.zeros(520)})
    assert list(tmp_path.iterdir()) == []
