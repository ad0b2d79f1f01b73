import awkward as ak
import numpy as np
import pytest

from analysis.simulation import SimulatedSample
from selections.root import import_root
from tests.analysis.simulation.conftest import read


def test_file_reads_alike_in_rdataframe_and_uproot(signal: SimulatedSample) -> None:
    events = read(signal.path)
    frame = import_root().RDataFrame("Events", str(signal.path))
    assert {str(name) for name in frame.GetColumnNames()} == events.keys()
    sums = {name: frame.Sum(name) for name in events}
    for name, total in sums.items():
        exactly = float(ak.sum(ak.values_astype(events[name], np.float64)))
        assert total.GetValue() == pytest.approx(exactly, rel=1e-6, abs=1e-6), name


def test_events_are_numbered_and_labelled(signal: SimulatedSample) -> None:
    events = read(signal.path)
    assert events["event"].to_list() == list(range(300))
    assert ak.all(events["truth_label"] == 1)
    assert ak.all(events["run"] == 1)
