"""How Tag N' Train on images is put together: what jets are, and what the window is for."""

import pytest

from analysis import searches
from analysis.kept_columns import kept_columns
from errors import MaplessError
from models.registry import make_detector


def declared(*overrides: str):
    return searches.declare(searches.load("lhco-tag-n-train", None, overrides))


def test_images_are_those_of_the_paper_and_the_heavier_jet_comes_first_in_every_event() -> None:
    search = declared()
    columns = {column.name: column.expression for column in search.regions["signal"].columns}
    assert "jet_image<40>" in columns["jet1_image"]
    assert "0.7, true, true" in columns["jet1_image"]
    assert "heavier_first(passing_jets, jet_mass)" in columns["dijet_jets"]
    assert {"jet1_image", "jet2_image", "jet1_pt", "mjj"} <= set(kept_columns(search)["signal"])


@pytest.mark.parametrize("in_window", [False, True])
def test_the_window_is_one_of_the_detector_only_if_asked_for(in_window: bool) -> None:
    (hunt,) = declared(f"signal_rich_in_window={str(in_window).lower()}").hunts
    (window,) = hunt.windows
    assert make_detector(hunt.detector, window=window).any_mass is not in_window
    inside = [3300 <= mass < 3700 for mass in hunt.masses["tnt"]]
    assert all(inside) == in_window


def test_a_window_that_tests_nothing_is_refused() -> None:
    with pytest.raises(MaplessError, match="masses: none lies in the window"):
        declared("signal_rich_in_window=true", "window={low: 3310, high: 3390}")


def test_a_spectrum_below_the_selection_is_refused() -> None:
    with pytest.raises(MaplessError, match="selection.mjj_min keeps nothing below 2700"):
        declared("spectrum.low=2500")
