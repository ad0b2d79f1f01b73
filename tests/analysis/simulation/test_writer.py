from pathlib import Path

import awkward as ak
import numpy as np
import pytest

from analysis.simulation import SimulatedSample, writer
from analysis.simulation.writer import PRECISION, Bits
from errors import MaplessError
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


@pytest.mark.parametrize("name", ["jet_pt", "jet_softdrop_mass", "jet_tau1", "constituent_pt"])
def test_truncated_floats_are_rounded_without_bias(name: str) -> None:
    bits = PRECISION[name]
    values = np.random.default_rng(1).uniform(1, 900, 10_000).astype(np.float32)
    kept = bits.rounded(values).view(np.uint32) >> (32 - bits.n_bits) << (32 - bits.n_bits)
    change = kept.view(np.float32) / values - 1
    step = 2.0 ** (9 - bits.n_bits)
    assert np.abs(change).max() <= step / 2 + 1e-7
    assert abs(change.mean()) < step / 50


def test_values_outside_a_quantised_range_go_to_its_edge() -> None:
    assert Bits(8, 0, 1).rounded(np.array([-1, 0.5, 2], np.float32)).tolist() == [0, 0.5, 1]


def test_a_failed_write_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(MaplessError, match="no events to write"):
        writer.write(tmp_path / "empty.root", [])
    assert list(tmp_path.iterdir()) == []
