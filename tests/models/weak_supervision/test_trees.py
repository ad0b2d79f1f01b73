"""Boosted trees keep the promises that the networks make; the toy has a known answer."""

import numpy as np
import pytest

from errors import MaplessError
from models.cuts.sideband_efficiency import SidebandEfficiency
from models.weak_supervision.trees import CWoLaBoostedTrees
from tests.models import toy
from tests.models.toy import INPUTS, MATCH, WINDOW


def quick(**options):
    return CWoLaBoostedTrees(
        **{"window": WINDOW, "inputs": INPUTS, "match": MATCH, "restarts": 1, "iterations": 30} | options
    )


def efficiencies(detector, events):
    """Signal and background efficiency of the cut that keeps 1 % of the sidebands."""
    scores = detector.score(events)
    kept = SidebandEfficiency(WINDOW).learn(events, scores).masks(events, scores)["kept"]
    return [kept[events["injected"] == label].mean() for label in (1, 0)]


@pytest.fixture(scope="module")
def events():
    return toy.mixture(20000, 200, seed=1)


def test_an_injected_resonance_passes_the_cut_and_background_does_not(events):
    signal, background = efficiencies(quick().fit({"events": events}), events)
    assert signal > 0.3
    assert background < 0.02


def test_an_event_can_be_one_set_of_inputs(events):
    """The two jet masses in one classifier, as in ATLAS (arXiv:2005.02983)."""
    masses = {"event": ("jet1_softdrop_mass", "jet2_softdrop_mass")}
    detector = quick(inputs=masses, match={}).fit({"events": events})
    assert detector.score_columns == ("key", "jet1_softdrop_mass", "jet2_softdrop_mass")
    assert detector.columns == {"events": (*detector.score_columns, "mjj")}
    signal, background = efficiencies(detector, events)
    assert signal > 0.1
    assert background < 0.02


def test_a_view_has_inputs_by_name_and_keeps_what_is_matched_of_them():
    jet, masses = {"jet1": INPUTS["jet1"]}, {"event": ("jet1_softdrop_mass", "jet2_softdrop_mass")}
    views = {"heavier-jet": jet, "masses": masses}
    assert quick(view="masses", views=views) == quick(inputs=masses, match={})
    assert quick(view="heavier-jet", views=views) == quick(inputs=jet, match={"jet1": MATCH["jet1"]})
    with pytest.raises(MaplessError, match="no view is called 'jets'; known: heavier-jet, masses"):
        quick(view="jets", views=views)


def test_no_event_is_scored_by_trees_that_saw_it(events):
    """Trees that learn pure noise by heart say nothing about the events held out."""
    noise = np.random.default_rng(3).normal(size=(7, len(events)))
    random = events.but(**dict(zip(INPUTS["jet1"], noise, strict=True)))
    options = {"inputs": {"jet1": INPUTS["jet1"]}, "match": {}}
    detector = quick(iterations=60, leaves=63, events_per_leaf=5, **options).fit({"events": random})
    inside = WINDOW.in_signal_region(random["mjj"])
    side = WINDOW.sideband_weights(random["mjj"], np.ones(len(inside))) > 0
    for output in detector.outputs(random):
        spread = output[side].std() * np.sqrt(1 / inside.sum() + 1 / side.sum())
        assert abs(output[inside].mean() - output[side].mean()) < 4 * spread


def test_threads_change_no_score(events):
    few = events.where(np.arange(len(events)) < 5000)
    options = {"inputs": {"jet1": INPUTS["jet1"][:2]}, "match": {}, "folds": 2, "restarts": 2}
    one, three = (
        quick(threads=threads, **options).fit({"events": few}).score(few)["score"] for threads in (1, 3)
    )
    np.testing.assert_array_equal(one, three)


def test_progress_counts_input_sets_and_folds(events):
    seen = []
    quick(iterations=2).fit({"events": events}, lambda done, total: seen.append((done, total)))
    assert seen == [(step, 10) for step in range(1, 11)]
