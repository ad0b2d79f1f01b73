"""How the search of jet images is put together: strategies, losses and the region that it learns from."""

import pytest

from analysis import searches
from analysis.kept_columns import kept_columns
from analysis.plan import Plan
from analysis.source import Source
from errors import MaplessError


def declared(*overrides: str):
    return searches.declare(searches.load("vae-images", None, overrides))


def test_it_learns_from_jets_far_apart_and_is_applied_to_others() -> None:
    search = declared()
    (hunt,) = search.hunts
    assert hunt.training == {"background": Source("control")}
    assert search.regions["control"].cuts[-1].title == "1.4 < |delta eta| < 2.5"
    assert search.regions["signal"].cuts[-1].title == "|delta eta| < 1.4"
    assert {"jet1_image", "jet2_image"} <= set(kept_columns(search)["control"])
    (hunt,) = declared("control=qcd_multijet").hunts
    assert hunt.training == {"background": Source("control", "qcd_multijet")}


def test_strategies_and_losses_are_cuts_on_the_same_training() -> None:
    def trained_and_cut(*overrides: str):
        settings = searches.load("vae-images", None, overrides)
        (chain,) = Plan(searches.declare(settings), settings).chains
        return chain.train.key, chain.hunt.cut

    bulk, tail, either = (trained_and_cut(*one) for one in ((), ("strategy=tail",), ("loss=either",)))
    assert bulk[0] == tail[0] == either[0]
    assert [cut.name for _, cut in (bulk, tail, either)] == [
        "quantile-regression",
        "fixed-efficiency",
        "quantile-regression",
    ]
    assert (bulk[1].options["score"], either[1].options["score"]) == ("sum", "either")


def test_a_region_without_room_is_refused() -> None:
    with pytest.raises(MaplessError, match="no jets are 1.4 to 1.2 apart; raise far"):
        declared("selection.far=1.2")
    with pytest.raises(MaplessError, match="loss"):
        declared("loss=third")
