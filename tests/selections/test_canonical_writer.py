from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from errors import MaplessError
from selections import canonical_writer
from selections.canonical_writer import PRECISION, Bits


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
        canonical_writer.write(tmp_path / "empty.root", [])
    assert list(tmp_path.iterdir()) == []


def test_columns_of_any_name_keep_their_values(tmp_path: Path) -> None:
    values = np.array([0.1, 1e6, -3], np.float32)
    part = {
        "event": np.array([2**40, 1, 2], np.uint64),
        "n_jet": np.array([2, 0, 1]),
        "jet_pt": values,
        "jet_flavour": np.array([5, 0, -4]),
        "jet1_tau21": values,
        "truth_label": np.array([-1, 0, 1]),
    }
    canonical_writer.write(tmp_path / "own.root", [part, part], precision={})
    events = uproot.open(tmp_path / "own.root")["Events"].arrays()
    assert events["event"].to_list() == 2 * [2**40, 1, 2]
    assert events["truth_label"].to_list() == 2 * [-1, 0, 1]
    assert events["jet_flavour"].to_list() == 2 * [[5, 0], [], [-4]]
    assert ak.to_numpy(events["jet1_tau21"]).tolist() == 2 * values.tolist()
    assert ak.to_numpy(ak.flatten(events["jet_pt"])).tolist() == 2 * values.tolist()
