"""Classes of events whose objects are known, and their histograms."""

from collections.abc import Mapping
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from selections.event_classes import (
    KINDS,
    BookedHistograms,
    ClassHistograms,
    EventClass,
    event_classes,
    times_drawn,
)
from selections.sources import open_events

EDGES = [0.0, 100.0, 200.0, 300.0, 400.0, 500.0]


def of_type(kind: str, values: list[list[float]]) -> ak.Array:
    """Lists of numbers, which may all be empty."""
    return ak.unflatten(
        np.array([one for some in values for one in some], kind), [len(some) for some in values]
    )


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """An electron of 100 GeV opposite to 150 GeV of missing momentum; a muon, a b jet and another jet."""
    nothing: list[list[float]] = [[], []]
    electron, muon = [[100.0], []], [[], [60.0]]
    jets = [[], [90.0, 70.0]]
    columns = {
        **{
            f"Electron_{name}": values
            for name, values in (("pt", electron), ("eta", [[0.5], []]), ("phi", [[0.0], []]))
        },
        "Electron_pfRelIso03_all": [[0.01], []],
        **{
            f"Muon_{name}": values
            for name, values in (("pt", muon), ("eta", [[], [0.0]]), ("phi", [[], [0.0]]))
        },
        "Muon_pfRelIso04_all": [[], [0.01]],
        **{f"Photon_{name}": nothing for name in ("pt", "eta", "phi", "pfRelIso03_all")},
        **{
            f"Jet_{name}": values
            for name, values in (("pt", jets), ("eta", [[], [0, 0]]), ("phi", [[], [np.pi, 2.0]]))
        },
        "Jet_mass": [[], [0.0, 0.0]],
        "Jet_btagDeepFlavB": [[], [0.9, 0.1]],
        **{f"jet_{name}": nothing for name in ("pt", "eta", "phi")},
    }
    whole = {
        **{f"Electron_{name}": [[4], []] for name in ("charge", "cutBased")},
        **{f"Muon_{name}": [[], [1]] for name in ("charge", "mediumId")},
        "Photon_cutBased": [[], []],
        "Jet_jetId": [[], [6, 6]],
    }
    lists = {name: of_type("f4", values) for name, values in columns.items()}
    lists |= {name: of_type("i4", values) for name, values in whole.items()}
    numbers = {
        "run": np.ones(2, "u4"),
        "luminosity_block": np.ones(2, "u4"),
        "event": np.arange(2, dtype="u8"),
        "weight": np.array([2.0, 3.0], "f4"),
        "PuppiMET_pt": np.array([150.0, 20.0], "f4"),
        "PuppiMET_phi": np.array([np.pi, 0.0], "f4"),
    }
    with uproot.recreate(tmp_path / "events.root") as file:
        file.mkrntuple("Events", numbers | lists)
    return tmp_path / "events.root"


def filled(path: Path, **options: float) -> Mapping[str, tuple[float, np.ndarray]]:
    """Entries and sums of weights (3, n_bins) by name of the class."""
    frame = event_classes(lepton_pt_min=50.0, **options)(open_events(path)).frame
    found = BookedHistograms(frame, EDGES).filled()
    names = [EventClass.of_key(int(key)).name for key in found.keys]
    return dict(zip(names, zip(found.entries, found.weighted, strict=True), strict=True))


def test_an_event_is_in_one_exclusive_class_and_in_all_that_it_holds(events: Path) -> None:
    names = set(filled(events))
    exclusive = {name for name in names if not name.endswith(("+X", "+Nj"))}
    assert exclusive == {"1e+MET", "1mu+1b+1j"}
    assert {name for name in names if name.endswith("+Nj")} == {"1e+MET+Nj", "1mu+1b+1j+Nj", "1mu+1b+Nj"}
    assert {name for name in names if name.endswith("+X")} == {
        *("1e+X", "1e+MET+X"),
        *("1mu+X", "1mu+1b+X", "1mu+1j+X", "1mu+1b+1j+X"),
    }


def test_momenta_are_those_of_the_objects_of_a_class(events: Path) -> None:
    found = filled(events)
    entries, (sum_pt, mass, missing) = found["1e+MET"]
    assert entries == 1
    assert sum_pt.tolist() == [0, 0, 2, 0, 0]  # 100 + 150 GeV
    assert mass.tolist() == [0, 0, 2, 0, 0]  # 2 sqrt(100 * 150) = 245 GeV
    assert missing.tolist() == [0, 2, 0, 0, 0]
    _, (sum_pt, mass, missing) = found["1mu+1b+X"]
    assert sum_pt.tolist() == [0, 3, 0, 0, 0]
    assert mass.tolist() == [0, 3, 0, 0, 0]  # 2 sqrt(60 * 90) = 147 GeV
    assert not missing.any()
    assert not found["1mu+X"][1][1].any()  # a single object has no mass


def test_thresholds_decide_the_class(events: Path) -> None:
    assert "1e" in filled(events, missing_min=200.0)
    assert "1mu+2j" in filled(events, b_tag_min=0.95)
    assert "1mu+1j" in filled(events, b_tag_min=0.95, largest_number=1)


def test_what_is_beyond_the_edges_is_in_the_last_bin(events: Path) -> None:
    frame = event_classes(lepton_pt_min=50.0)(open_events(events)).frame
    found = BookedHistograms(frame, [0.0, 10.0, 20.0]).filled()
    assert found.weighted[:, 0].sum(axis=0)[0] == 0
    assert found.weighted[:, 0, 1].sum() == pytest.approx(2 * 4 + 3 * 7)


def test_sums_of_histograms_hold_the_classes_of_all() -> None:
    one, other = (
        ClassHistograms(np.array(keys, np.uint64), np.ones(2), np.full((2, 3, 4), n), np.full((2, 3, 4), n))
        for n, keys in ((1.0, [1, 5]), (2.0, [5, 7]))
    )
    both = ClassHistograms.sum([one, other])
    assert both.keys.tolist() == [1, 5, 7]
    assert both.weighted[:, 0, 0].tolist() == [1, 3, 2]
    assert both.at(np.array([2, 7], np.uint64)).squared[:, 0, 0].tolist() == [0, 2]


def test_keys_and_names_belong_together() -> None:
    one = EventClass((1, 0, 2, 0, 3), True, "+Nj")
    assert EventClass.of_key(one.key) == one
    assert one.name == "1e+2gamma+3j+MET+Nj"
    assert len(KINDS) == len(one.counts)


def test_mock_data_hold_events_as_often_as_they_are_expected() -> None:
    root = pytest.importorskip("ROOT")
    frame = (
        root.RDataFrame(20_000).Define("run", "1u").Define("luminosity_block", "1u").Define("weight", "2.f")
    )
    frame = frame.Define("event", "rdfentry_")
    from selections import headers

    headers.load("mapless/event_classes.h")
    one, same, other = (
        frame.Define("n", times_drawn(seed).expression).AsNumpy(["n"])["n"] for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same) and not np.array_equal(one, other)
    assert one.mean() == pytest.approx(2.0, abs=0.07)
    assert one.var() == pytest.approx(2.0 + 2.0**2, rel=0.06)  # of counts, and of simulated events
    assert np.corrcoef(one[1:], one[:-1])[0, 1] == pytest.approx(0, abs=0.03)
