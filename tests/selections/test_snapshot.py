import numpy as np
import pytest

from errors import MaplessError
from selections import snapshot
from selections.cutflow import Cutflow
from selections.dijet import dijet, dijet_columns
from selections.root import import_root
from selections.sources import open_events


@pytest.fixture(scope="module")
def selected(data):
    return dijet(mjj_min=500)(open_events(data / "pfnano_simulation.root"))


def test_what_is_read_back_is_what_was_selected(selected, tmp_path):
    columns = [*dijet_columns(), "weight", "run", "luminosity_block", "event"]
    path = snapshot.write(selected, tmp_path / "events.root", columns)
    arrays = snapshot.read(path)
    assert list(arrays) == columns
    expected = selected.frame.AsNumpy(columns)
    order = np.lexsort([expected[name] for name in ("event", "luminosity_block", "run")])
    assert (np.diff(order) < 0).any()  # this file is not in order by itself
    for name, values in expected.items():
        np.testing.assert_array_equal(arrays[name], values[order], err_msg=name)
        assert arrays[name].dtype == values.dtype
    assert arrays["event"].dtype == np.uint64


def test_a_snapshot_knows_its_origin_and_cutflow(selected, tmp_path):
    path = snapshot.write(selected, tmp_path / "events.root", ["mjj"])
    known = snapshot.provenance(path)
    assert known["files"][0].endswith("pfnano_simulation.root")
    assert Cutflow.from_dict(known["cutflow"]) == selected.cutflow()


def test_nothing_is_left_behind_when_a_column_is_missing(selected, tmp_path):
    with pytest.raises(MaplessError, match="mjjj is not among the events to write to .*; did you mean mjj?"):
        snapshot.write(selected, tmp_path / "events.root", ["mjjj"])
    assert list(tmp_path.iterdir()) == []


def test_an_event_loop_that_fails_leaves_the_old_file_as_it_was(tmp_path):
    target = tmp_path / "events.root"
    target.write_text("old")
    frame = import_root().RDataFrame(3).Define("run", "1u").Define("luminosity_block", "1u")
    frame = frame.Define("event", 'rdfentry_ < 2 ? 1 : throw std::runtime_error("no luck")')
    with pytest.raises(MaplessError, match="events.root not written: no luck"):
        snapshot.write(frame, target, [])
    assert [path.name for path in tmp_path.iterdir()] == ["events.root"]
    assert target.read_text() == "old"


def test_columns_with_many_values_per_event_are_written_but_not_read_as_arrays(data, tmp_path):
    events = open_events(data / "pfnano_simulation.root")
    path = snapshot.write(events, tmp_path / "jets.root", ["event", "jet_pt"])
    assert {"event", "run", "luminosity_block"} <= snapshot.read(path).keys()
    assert "jet_pt" not in snapshot.read(path)
    with pytest.raises(MaplessError, match="jet_pt is not among the single values of"):
        snapshot.read(path, ["jet_pt"])


def test_a_snapshot_can_be_opened_as_events_again(selected, tmp_path):
    path = snapshot.write(selected, tmp_path / "events.root", ["mjj", "run", "luminosity_block", "event"])
    events = open_events(path)
    assert events.format == "simulation"
    assert events.frame.Mean("mjj").GetValue() == pytest.approx(snapshot.read(path, ["mjj"])["mjj"].mean())


@pytest.mark.parametrize("content", [None, b"", b"rubbish" * 50])
def test_a_file_that_is_no_snapshot_is_one_line(tmp_path, content):
    path = tmp_path / "events.root"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MaplessError, match=r"events.root (does not exist|cannot be read)") as error:
        snapshot.read(path)
    assert "\n" not in str(error.value)
