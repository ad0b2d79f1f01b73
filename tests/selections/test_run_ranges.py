"""Triggers may change with the runs of a data set."""

import awkward as ak
import numpy as np
import pytest
import uproot

from errors import MaplessError
from selections.sources import open_events

RUNS = np.repeat([100, 199, 200, 250, 300], 4).astype(np.uint32)
FIRED = {"HLT_A": np.tile([0, 1, 0, 1], 5), "HLT_B": np.tile([0, 0, 1, 1], 5)}


@pytest.fixture
def file(tmp_path):
    """Four events in each of five runs, with all decisions of two triggers."""
    path = tmp_path / "nano.root"
    with uproot.recreate(path) as out:
        out["Events"] = {
            "run": RUNS,
            "luminosityBlock": np.ones(20, np.uint32),
            "event": np.arange(20, dtype=np.uint64),
            "FatJet_pt": ak.Array([[500.0, 400.0]] * 20),
            **{name: fired.astype(bool) for name, fired in FIRED.items()},
        }
    return path


def test_each_run_has_the_triggers_of_its_range(file):
    triggers = {"200-250": ["HLT_A", "HLT_B"], "1-199": ["HLT_A"]}
    events = open_events(file, triggers=triggers, filters=[])
    passed = np.asarray(events.frame.AsNumpy(["passes_trigger"])["passes_trigger"], bool)
    first, second = FIRED["HLT_A"].astype(bool), FIRED["HLT_B"].astype(bool)
    late = (RUNS >= 200) & (RUNS <= 250)
    np.testing.assert_array_equal(passed, ((RUNS < 200) & first) | (late & (first | second)))
    assert events.notes["passes_trigger"] == "runs 1-199: HLT_A; runs 200-250: HLT_A or HLT_B"


@pytest.mark.parametrize(
    ("triggers", "words"),
    [
        ({"1-200": ["HLT_A"], "200-300": ["HLT_B"]}, "the runs 1-200 and 200-300 overlap"),
        ({}, r"there is no range of runs; write \[\]"),
        ({"5-1": ["HLT_A"]}, "'5-1' is no range of runs"),
        ({"early": ["HLT_A"]}, "'early' is no range of runs"),
        ({"1-200": ["HLT_C"]}, "the files have no HLT_C"),
    ],
)
def test_impossible_ranges_are_refused(file, triggers, words):
    with pytest.raises(MaplessError, match=words):
        open_events(file, triggers=triggers, filters=[])
