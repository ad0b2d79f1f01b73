"""Events inside of certified ranges are kept, exactly these, and broken files are named."""

import json
from pathlib import Path

import numpy as np
import pytest

from errors import MaplessError
from selections.certified_luminosity import CERTIFIED, IS_CERTIFIED, read_certified
from selections.graph import Selection
from selections.root import import_root
from selections.sources import OpenedEvents, open_events
from selections.steps import Cut


def _file(folder: Path, content: object) -> Path:
    path = folder / "golden.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_every_event_is_inside_or_outside_as_a_plain_search_says(tmp_path, rng):
    ranges = {
        str(run): [
            [int(first), int(first + length)]
            for first, length in zip(rng.integers(0, 90, 5), rng.integers(0, 9, 5), strict=True)
        ]
        for run in rng.permutation(np.arange(3, 40, 2))
    }
    certified = read_certified(_file(tmp_path, ranges))
    frame = import_root().RDataFrame(40 * 100)
    frame = frame.Define("run", "static_cast<unsigned int>(rdfentry_ / 100)")
    frame = frame.Define("luminosity_block", "static_cast<unsigned int>(rdfentry_ % 100)")
    frame = import_root().RDF.AsRNode(frame)
    events = certified.certify(OpenedEvents(frame, ("some.root",), 4000, 4000, "nanoaod", "Events"))
    found = np.asarray(events.frame.AsNumpy([IS_CERTIFIED])[IS_CERTIFIED], bool).reshape(40, 100)
    expected = np.zeros((40, 100), bool)
    for run, pairs in ranges.items():
        for first, last in pairs:
            expected[int(run), first : last + 1] = True
    np.testing.assert_array_equal(found, expected)
    assert 0 < found.sum() < found.size


def test_ranges_that_touch_or_overlap_become_one(tmp_path):
    path = _file(tmp_path, {"20": [[5, 6], [1, 2], [3, 4]], "3": [[7, 9], [1, 8]], "100": []})
    certified = read_certified(path)
    assert certified.ranges == ((3, 1, 9), (20, 1, 6))
    assert str(certified) == "golden.json: 15 luminosity blocks of runs 3 to 20"


def test_it_is_the_first_row_of_the_cutflow_of_every_region(data, tmp_path):
    events = open_events(data / "nanoaod_v13_data_2022.root")  # run 359571, luminosity block 151
    region = Selection("pair", cuts=(Cut("jet_pt.size() > 1", "two jets"),)).refine(
        "hard", Cut("jet_pt[0] > 200", "a hard jet")
    )
    for block, inside in ((150, 0), (151, 100)):
        certified = read_certified(_file(tmp_path, {"359571": [[block, block]]}))
        cutflow = region.preceded_by(CERTIFIED)(certified.certify(events)).cutflow()
        assert cutflow.titles == ("all events", "certified luminosity", "two jets", "a hard jet")
        assert cutflow.events[:2] == (100, inside)
    assert cutflow.events[2:] == region(events).cutflow().events[1:]


def test_simulation_is_refused(data, tmp_path):
    certified = read_certified(_file(tmp_path, {"1": [[1, 2]]}))
    with pytest.raises(MaplessError, match=r"simulation.root is simulation, .* leave out certified"):
        certified.certify(open_events(data / "nanoaod_v12_simulation.root"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is not JSON"),
        ('{"1": [[1, 2]]', "is not JSON"),
        ('{"1": [[1, 2]], "1": [[3, 4]]}', "'1' stands twice"),
        ([[1, 2]], "must hold runs with ranges"),
        ({}, "must hold runs with ranges"),
        ({"1": []}, "certifies no luminosity block at all"),
        ({"run1": [[1, 2]]}, "'run1' is no number of a run"),
        ({"-1": [[1, 2]]}, "'-1' is no number of a run"),
        ({"²": [[1, 2]]}, "'²' is no number of a run"),
        ({"9" * 30: [[1, 2]]}, "is no number of a run"),
        ({"1": 3}, "run 1 must have a list of ranges"),
        ({"1": [1, 2]}, "run 1 has 1, which is no range"),
        ({"1": [[1, 2, 3]]}, r"run 1 has \[1, 2, 3\], which is no range"),
        ({"1": [[1, 2.5]]}, r"run 1 has \[1, 2.5\], which is no range"),
        ({"1": [[True, 2]]}, "which is no range"),
        ({"1": [["1", "2"]]}, "which is no range"),
        ({"1": [[-1, 2]]}, "which is no range"),
        ({"1": [[1, 2**40]]}, "which is no range"),
        ({"1": [[3, 2]]}, r"ends before it begins, \[3, 2\]"),
    ],
)
def test_a_broken_file_is_refused_in_one_line(tmp_path, content, words):
    with pytest.raises(MaplessError, match=words) as error:
        read_certified(_file(tmp_path, content))
    assert "golden.json" in str(error.value)
    assert "\n" not in str(error.value)
