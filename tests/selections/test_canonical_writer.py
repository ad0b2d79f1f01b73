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


@pytest.mark.parametrize(
    ("name", "size"), [("weight", 1), ("jet_mass", 4), ("n_jet", 3), ("truth_label", (2, 2))]
)
def test_columns_of_other_lengths_are_refused(tmp_path: Path, name: str, size: int) -> None:
    part = {"event": np.arange(2), "weight": np.ones(2), "n_jet": np.array([2, 1]), "jet_pt": np.ones(3)}
    with pytest.raises(MaplessError, match=f"{name} has the shape"):
        canonical_writer.write(tmp_path / "own.root", [part | {name: np.ones(size)}])
    assert list(tmp_path.iterdir()) == []


def test_parts_may_have_no_events_and_events_no_jets(tmp_path: Path) -> None:
    whole = {"event": np.array([7]), "n_jet": np.array([1]), "jet_pt": np.array([3.0])}
    nothing = {name: values[:0] for name, values in whole.items()}
    no_jets = {"event": np.array([8]), "n_jet": np.array([0]), "jet_pt": np.array([])}
    canonical_writer.write(tmp_path / "own.root", [nothing, no_jets, whole])
    events = uproot.open(tmp_path / "own.root")["Events"].arrays()
    assert events["event"].to_list() == [8, 7]
    assert events["jet_pt"].to_list() == [[], [3.0]]


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
