"""What the figures about the jets of selected events show."""

import numpy as np
import pytest

from analysis.report.hunt_view import HuntView
from analysis.searches.dijet_average_images import DijetAverageImages
from analysis.searches.dijet_efficiency_map import DijetEfficiencyMap
from analysis.searches.dijet_prongs import DijetProngs, prongs
from selections.events import EventTable
from tests.models import toy

RATIOS = ("tau21", "tau32", "tau43")
EVENTS = toy.with_images(toy.mixture(2000, 200, seed=1), seed=2)
SIGNAL = EVENTS["injected"] > 0


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    from matplotlib import pyplot

    pyplot.close("all")


def view_of(events, kept=SIGNAL):
    everywhere = np.ones(len(events), bool)
    return HuntView("hunt", "hunt", events, {"score": kept}, {"kept": kept}, everywhere, None, {}, "label")


def test_the_ratio_that_is_lowest_against_other_jets_tells_the_prongs():
    random = np.random.default_rng(1)
    ratios = {name: random.uniform(0.2, 1, 1004) for name in RATIOS}
    for jet, name in enumerate(RATIOS):
        ratios[name][jet] = 0.1
        ratios[name][3] = 0.99
    found = prongs(ratios, np.arange(1004) >= 4)
    assert found[:4].tolist() == [2, 3, 4, 1]
    assert 0.65 < (found[4:] == 1).mean() < 0.8  # 0.9 cubed


def test_two_prongs_that_are_planted_are_drawn():
    ((name, _, figure),) = DijetProngs(RATIOS).draw(view_of(EVENTS))
    assert name == "prongs_hunt"
    for axis in figure.axes:
        kept, others = ([bar.get_height() for bar in bars.patches] for bars in axis.containers[1::2])
        assert kept[1] > 0.5 > 0.3 + others[1]
    assert list(DijetProngs(RATIOS).draw(view_of(EVENTS, ~np.zeros(len(EVENTS), bool)))) == []


def test_average_images_are_drawn_where_there_are_images():
    ((name, _, figure),) = DijetAverageImages().draw(view_of(EVENTS))
    assert name == "images_hunt"
    difference = figure.axes[2].images[0].get_array()
    assert difference.shape == (8, 8)
    assert difference[3:5, 3:5].mean() < 0 < difference[1, 2:6].mean()  # the two prongs go around the centre
    truth = figure.axes[3].images[0].get_array()
    np.testing.assert_array_equal(truth, difference)  # all that was injected is kept, and nothing else
    bare = EVENTS.only(EVENTS.columns - {"jet1_image", "jet2_image"})
    assert list(DijetAverageImages().draw(view_of(bare))) == []


def test_the_efficiency_is_small_where_a_detector_sees_a_signal():
    random, name = np.random.default_rng(3), np.arange(20_000, dtype=np.uint64)
    first, second = random.uniform(0, 600, (2, 20_000))
    planted = (abs(first - 412.5) < 12.5) & (abs(second - 87.5) < 12.5)  # one bin
    names = {"run": name, "luminosity_block": name, "event": name}
    events = EventTable(names | {"m1": first, "m2": second})
    score = random.uniform(0, 1, 20_000) + planted
    view = HuntView("hunt", "hunt", events, {"score": score}, {}, second > 0, None, {}, "label")
    ((_, _, figure),) = DijetEfficiencyMap(("m1", "m1", 600.0), ("m2", "m2", 600.0)).draw(view)
    shown = figure.axes[0].collections[0].get_array().reshape(24, 24)  # rows in the second column
    assert np.unravel_index(np.argmin(shown), shown.shape) == (3, 16)
    assert shown[3, 16] < 0.01
    assert np.ma.median(shown) > 0.3
