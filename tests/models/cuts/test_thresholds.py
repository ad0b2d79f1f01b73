"""Cuts that keep a fraction of some region, and fixed ones."""

import numpy as np
import pytest

from errors import MaplessError
from models.cuts.exclusive_scores import ExclusiveScores
from models.cuts.highest_scores import HighestScores
from models.cuts.moving_sidebands import MovingSidebands
from models.cuts.score_above import ScoreAbove
from models.cuts.sideband_efficiency import SidebandEfficiency
from models.cuts.window_efficiency import WindowEfficiency
from tests.models import toy
from tests.models.toy import WINDOW

EVENTS = toy.background(20000, seed=1)
MJJ = EVENTS["mjj"]
SCORES = {"score": np.random.default_rng(7).normal(size=len(EVENTS)) + MJJ / 1000}


@pytest.mark.parametrize("kept", [0.01, 0.1, 0.5, {"A1": 0.9, "B3": 0.2}])
@pytest.mark.parametrize("weight_column", [None, "weight"])
def test_the_wanted_fraction_of_weighted_sidebands_is_kept(kept, weight_column):
    cut = SidebandEfficiency(WINDOW, kept, weight_column=weight_column).learn(EVENTS, SCORES)
    passed = cut.masks(EVENTS, SCORES)["kept"]
    weights = WINDOW.sideband_weights(MJJ, EVENTS["weight"] if weight_column else np.ones(len(EVENTS)))
    wanted = kept["B3"] if isinstance(kept, dict) else kept
    assert weights[passed].sum() == pytest.approx(wanted * weights.sum(), abs=weights.max())


def test_a_window_without_a_fraction_is_named():
    with pytest.raises(MaplessError, match="no fraction for window B3 .* it has A1"):
        SidebandEfficiency(WINDOW, {"A1": 0.01})


def test_the_wanted_fractions_of_the_window_are_kept_and_nested():
    cut = WindowEfficiency({"10%": 0.1, "1%": 0.01}, window=WINDOW).learn(EVENTS, SCORES)
    masks, inside = cut.masks(EVENTS, SCORES), WINDOW.in_signal_region(MJJ)
    assert [masks[name][inside].mean() for name in ("10%", "1%")] == pytest.approx([0.1, 0.01], abs=1e-3)
    assert not (masks["1%"] & ~masks["10%"]).any()
    assert not cut.exclusive
    assert WindowEfficiency(window=WINDOW).exclusive


def test_an_event_is_in_the_category_of_the_first_score_that_it_passes():
    scores = {"first": SCORES["score"], "second": np.random.default_rng(8).normal(size=len(EVENTS))}
    alone = {
        name: SidebandEfficiency(WINDOW, 0.1, score=name).learn(EVENTS, scores).masks(EVENTS, scores)["kept"]
        for name in scores
    }
    masks = ExclusiveScores(WINDOW, ("second", "first"), 0.1).learn(EVENTS, scores).masks(EVENTS, scores)
    assert list(masks) == ["second", "first"]
    np.testing.assert_array_equal(masks["second"], alone["second"])
    np.testing.assert_array_equal(masks["first"], alone["first"] & ~alone["second"])
    assert (alone["first"] & alone["second"]).any()


@pytest.mark.parametrize("order", [(), ("first", "first")])
def test_scores_of_categories_are_named_once(order):
    with pytest.raises(MaplessError, match="order is to name scores, each once"):
        ExclusiveScores(WINDOW, order)


def test_an_empty_window_is_refused():
    below = MJJ < 2500
    with pytest.raises(MaplessError, match="window B3 .* holds no events"):
        WindowEfficiency(window=WINDOW).learn(EVENTS.where(below), {"score": SCORES["score"][below]})


def test_fixed_thresholds_are_what_they_say():
    masks = ScoreAbove({"loose": 3.0, "tight": 5.0}).masks(EVENTS, SCORES)
    np.testing.assert_array_equal(masks["tight"], SCORES["score"] > 5)
    assert masks["loose"].sum() > masks["tight"].sum()


def test_as_many_of_the_highest_scores_are_kept_as_were_asked_for():
    cut = HighestScores({"many": 1000, "few": 10}).learn(EVENTS, SCORES)
    masks, order = cut.masks(EVENTS, SCORES), np.argsort(-SCORES["score"])
    for name, number in (("many", 1000), ("few", 10)):
        assert masks[name].sum() == pytest.approx(number, abs=1)
        assert masks[name][order[: number - 1]].all()


@pytest.mark.parametrize(
    ("numbers", "words"), [({}, "at least one"), ({"few": 0}, "keeps 0"), ({"all": 1e9}, "there are 20000")]
)
def test_numbers_of_events_that_there_are_not_are_refused(numbers, words):
    with pytest.raises(MaplessError, match=words):
        HighestScores(numbers).learn(EVENTS, SCORES)


def test_sidebands_move_with_the_mass():
    cut = MovingSidebands("mjj", {"kept": 0.05}).learn(EVENTS, SCORES, [2800, 3200])
    for mass in (2800, 3200):
        passed = cut.masks(EVENTS, SCORES, mass)["kept"]
        low, high = (
            (mass * edges[0] <= MJJ) & (mass * edges[1] > MJJ) for edges in ((0.75, 0.9), (1.1, 1.25))
        )
        assert (passed[low].mean() + passed[high].mean()) / 2 == pytest.approx(0.05, abs=3e-3)
    assert cut.masks(EVENTS, SCORES, 2800)["kept"].sum() > cut.masks(EVENTS, SCORES, 3200)["kept"].sum()


@pytest.mark.parametrize("mass", [None, 3000.0])
def test_a_mass_that_was_not_learnt_is_refused(mass):
    cut = MovingSidebands("mjj").learn(EVENTS, SCORES, [2800, 3200])
    with pytest.raises(MaplessError, match=r"learnt were 2800.0, 3200.0"):
        cut.masks(EVENTS, SCORES, mass)


@pytest.mark.parametrize(
    "make",
    [
        lambda: SidebandEfficiency(WINDOW, 0.0),
        lambda: WindowEfficiency({"all": 1.0}, window=WINDOW),
        lambda: MovingSidebands("mjj", {}),
    ],
)
def test_impossible_fractions_are_refused(make):
    with pytest.raises(MaplessError, match="fraction"):
        make()


@pytest.mark.parametrize("cut", [SidebandEfficiency(WINDOW), WindowEfficiency(window=WINDOW)])
def test_a_cut_that_has_not_learnt_says_so(cut):
    with pytest.raises(MaplessError, match="has learnt nothing yet"):
        cut.masks(EVENTS, SCORES)
