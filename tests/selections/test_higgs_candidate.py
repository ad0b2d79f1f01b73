"""The Higgs candidate is the jet with the higher b tag, X the other one, with their own constituents."""

from pathlib import Path

import numpy as np

from analysis import searches
from selections.higgs_candidate import higgs_and_other_jet
from selections.sources import open_events

SIGNAL = Path(searches.CONFIGURATIONS).parent / "samples" / "y_to_hx_3700_85.root"
OF_JETS = ("pt", "softdrop_mass", "b_tag", "tau21")


def test_both_jets_keep_their_own_properties() -> None:
    frame = higgs_and_other_jet(mjj_min=2000, leading_pt_min=1500)(open_events(SIGNAL)).frame
    names = [f"{jet}_{name}" for jet in ("jet1", "jet2", "higgs", "x") for name in OF_JETS]
    lists = [f"{jet}_constituent_pt" for jet in ("jet1", "jet2", "higgs", "x")]
    events = frame.AsNumpy([*names, *lists])
    first = events["jet1_b_tag"] >= events["jet2_b_tag"]
    assert 0 < first.mean() < 1
    assert np.all(np.maximum(events["jet1_pt"], events["jet2_pt"]) > 1500)
    for name in OF_JETS:
        pair = events[f"jet1_{name}"], events[f"jet2_{name}"]
        np.testing.assert_array_equal(events[f"higgs_{name}"], np.where(first, *pair))
        np.testing.assert_array_equal(events[f"x_{name}"], np.where(first, *pair[::-1]))
    for number, is_first in enumerate(first):
        higgs, x = ("jet1", "jet2") if is_first else ("jet2", "jet1")
        assert list(events["higgs_constituent_pt"][number]) == list(events[f"{higgs}_constituent_pt"][number])
        assert list(events["x_constituent_pt"][number]) == list(events[f"{x}_constituent_pt"][number])
