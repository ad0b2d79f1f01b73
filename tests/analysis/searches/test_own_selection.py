"""Columns and cuts of one's own in the YAML of any search."""

from pathlib import Path

import numpy as np
import pytest
import uproot

from analysis import searches
from analysis.blinding import open_rows
from analysis.kept_columns import kept_columns
from errors import MaplessError
from selections.sources import open_events
from tests.analysis import toy_search

COLUMN = 'selection.columns={farther: "std::max(std::abs(jet1_eta), std::abs(jet2_eta))"}'
CUT = 'selection.cuts={both central: "farther < 0.2"}'


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("own") / "events.root"
    toy_search.write_background(path, 2000, seed=1)
    return path


def _search(events: Path, *overrides: str):
    config = events.with_suffix(".yaml")
    config.write_text(
        "search: tests.analysis.toy_search\ndata: toy\n"
        f"samples: {{toy: {{role: background, files: [{events.name}]}}}}\n"
    )
    return searches.declare(searches.load(None, config, overrides))


def test_own_cuts_stand_behind_those_of_the_search_and_do_what_they_say(events: Path) -> None:
    search = _search(events, COLUMN, CUT)
    cutflow = search.regions["signal"](open_events([events])).cutflow()
    eta = uproot.open(events)["Events"]["jet_eta"].array(library="np")
    central = np.max(np.abs(np.stack(eta)), axis=1) < 0.2
    before = _search(events).regions["signal"](open_events([events])).cutflow()
    assert cutflow.titles[-1] == "both central"
    assert cutflow.events[:-1] == before.events
    heavy = uproot.open(events)["Events"]["jet_pt"].array(library="np")
    pt, spread = np.stack(heavy)[:, 0], np.stack(eta)
    mass = pt * np.sqrt(2 * (np.cosh(spread[:, 0] - spread[:, 1]) + 1))
    passed = central & (mass > toy_search.LOWEST) & (pt > 300)
    assert cutflow.events[-1] == pytest.approx(passed.sum(), abs=2)  # masses of jets shift a few at the edge
    assert 0 < cutflow.events[-1] < before.events[-1]


def test_own_columns_are_kept_with_the_events(events: Path) -> None:
    assert "farther" in kept_columns(_search(events, COLUMN))["signal"]
    assert "farther" not in kept_columns(_search(events))["signal"]


def test_a_cut_on_the_mass_by_a_column_of_ones_own_closes_the_cutflow_of_data(events: Path) -> None:
    plain = _search(events)
    cut = _search(events, 'selection.columns={m: "mjj / 1000"}', 'selection.cuts={heavy: "m > 1.2"}')
    assert open_rows(cut, "signal") == open_rows(plain, "signal") < len(cut.regions["signal"].cuts)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ('selection.cuts={both: "eta1 < 2"}', "eta1 is needed by cut 'both'"),
        ('selection.cuts={both: "jet1_eta <"}', "does not understand cut 'both'"),
        ('selection.cuts={both: "jet_pt"}', "does not evaluate to bool"),
        ('selection.cuts={trigger: "1 > 0"}', "has a cut 'trigger' already"),
        ('selection.columns={mjj: "1."}', "defines mjj twice"),
        ('selection.columns={jet_pt: "1."}', "already have jet_pt"),
        ('selection.columns={a: "b", b: "1."}', "a needs b, put them before it"),
        ('selection.columns={a b: "1."}', "'a b' cannot name a column"),
        ('selection.columns={a: " "}', "selection.columns.a: the expression is empty"),
    ],
)
def test_what_cannot_be_understood_is_named_before_any_event_is_read(
    override: str, words: str, events: Path
) -> None:
    with pytest.raises(MaplessError, match=words):
        _search(events, override).regions["signal"](open_events([events]))
