"""Trainings on a toy; each of them takes seconds, so they are shared wherever possible."""

import numpy as np
import pytest

from errors import MaplessError
from models.cuts.sideband_efficiency import SidebandEfficiency
from models.events import fold
from models.weak_supervision.combinations import COMBINATIONS
from models.weak_supervision.networks import CWoLaHunting
from models.window import Window
from tests.models import toy
from tests.models.toy import INPUTS, MATCH, WINDOW

N_CONSTITUENTS = [f"{jet}_n_constituents" for jet in toy.JETS]
QUICK = {"inner_networks": 1, "hidden": (16, 8), "epochs": 6, "batch_size": 256, "learning_rate": 5e-3}


def quick(**options):
    return CWoLaHunting(**{"window": WINDOW, "inputs": INPUTS, "match": MATCH} | QUICK | options)


def efficiencies(detector, events):
    """Signal and background efficiency of the cut that keeps 1 % of the sidebands."""
    scores = detector.score(events)
    kept = SidebandEfficiency(WINDOW).learn(events, scores).masks(events, scores)["kept"]
    return [kept[events["injected"] == label].mean() for label in (1, 0)]


def area_under_curve(scores, truth):
    ranks = scores.argsort().argsort() + 1
    n = truth.sum()
    return (ranks[truth].sum() - n * (n + 1) / 2) / (n * (len(truth) - n))


@pytest.fixture(scope="module")
def events():
    return toy.mixture(20000, 200, seed=1)


@pytest.fixture(scope="module")
def detector(events):
    return quick().fit({"events": events})


def test_an_injected_resonance_passes_the_cut_and_background_does_not(detector, events):
    signal, background = efficiencies(detector, events)
    assert signal > 0.3
    assert background < 0.02


def test_each_input_set_and_fold_has_uniform_quantiles_in_the_sidebands(detector, events):
    weights = WINDOW.sideband_weights(events["mjj"], np.ones(len(events)))
    for quantiles in detector.quantiles(events):
        for number in range(5):
            chosen = fold(events, 5) == number
            counts, _ = np.histogram(quantiles[chosen], np.linspace(0, 1, 6), weights=weights[chosen])
            assert counts / counts.sum() == pytest.approx(0.2, abs=0.01)


def test_a_single_event_can_be_scored(detector, events):
    one = events.where(np.arange(len(events)) == 17)
    assert detector.score(one)["score"][0] == pytest.approx(detector.score(events)["score"][17], abs=1e-6)


def test_no_event_is_scored_by_networks_that_saw_it():
    """In fold k, and nowhere else, the feature number k tells the window from the sidebands."""
    events = toy.background(20000, seed=5)
    window, number = WINDOW.in_signal_region(events["mjj"]), fold(events, 5)
    random = np.random.default_rng(5)
    for names in INPUTS.values():
        for i, name in enumerate(names):
            values = random.normal(size=len(window)) + 1.5 * (window & (number == i))
            events = events.but(**{name: values})
    detector = quick(match={}, inner_networks=2).fit({"events": events})
    inside = WINDOW.contains(events["mjj"])
    leaky = events.but(key=(number + 2).astype(np.uint64))
    honest, cheating = (
        area_under_curve(detector.score(e)["score"][inside], window[inside]) for e in (events, leaky)
    )
    assert honest == pytest.approx(0.5, abs=0.04)
    assert cheating > 0.6


def test_the_order_of_events_changes_nothing_but_the_training_noise(detector, events):
    order = np.random.default_rng(6).permutation(len(events))
    shuffled = events.where(order)
    back = np.empty(len(order))
    back[order] = quick().fit({"events": shuffled}).score(shuffled)["score"]
    signal = events["injected"] == 1
    assert np.median(abs(back - detector.score(events)["score"])[signal]) < 0.02


def test_input_sets_of_different_length_are_trained_together(events):
    inputs = {"masses": ("jet1_softdrop_mass", "jet2_softdrop_mass"), "jet1": INPUTS["jet1"]}
    signal, background = efficiencies(quick(inputs=inputs, match={}).fit({"events": events}), events)
    assert signal > 0.3
    assert background < 0.02


@pytest.mark.parametrize("combine", COMBINATIONS)
def test_every_combination_prefers_events_with_two_odd_jets(combine):
    quantiles = np.array([[0.99, 0.99, 0.5], [0.99, 0.5, 0.5]])
    scores = COMBINATIONS[combine](quantiles)
    assert scores[0] >= scores[1] > scores[2]
    assert scores.max() <= 1


@pytest.mark.parametrize("sets", [1, 2, 3])
def test_the_fisher_combination_of_independent_quantiles_is_uniform(sets):
    scores = COMBINATIONS["fisher"](np.random.default_rng(9).uniform(size=(sets, 50000)))
    counts, _ = np.histogram(scores, np.linspace(0, 1, 11))
    assert counts / len(scores) == pytest.approx(0.1, rel=0.06)


def test_a_window_or_sideband_beyond_the_events_is_refused(events):
    with pytest.raises(MaplessError, match="of window far .* holds no events"):
        quick(window=Window("far", "mjj", 9000, 10000)).fit({"events": events})
    below = Window("below", "mjj", 2017.0, 2465.0)
    with pytest.raises(MaplessError, match="the low sideband of window below .* holds no events"):
        quick(window=below).fit({"events": events})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"combine": "sum"}, "max or product or fisher"),
        ({"folds": 2}, "2 folds are too few"),
        ({"folds": 1}, "1 folds are too few"),
        ({"inputs": {}}, "an input set is empty"),
        ({"inputs": {"jet1": []}}, "an input set is empty"),
        ({"match": {"jet3": "jet3_pt"}}, "match names 'jet3', but the inputs are jet1, jet2"),
    ],
)
def test_impossible_settings_are_refused(options, message):
    with pytest.raises(MaplessError, match=message):
        quick(**options)


@pytest.mark.physics
@pytest.mark.parametrize("seed", [1, 2])
def test_background_alone_keeps_its_spectrum(seed):
    """The efficiency in bins of m_jj across window and sidebands is flat within its errors."""
    events = toy.background(150000, seed=seed, correlation=0.0)
    random = np.random.default_rng(seed)  # the number of constituents rises with the mass in the toy
    events = events.but(**{name: random.permutation(events[name]) for name in N_CONSTITUENTS})
    detector = CWoLaHunting(WINDOW, INPUTS, MATCH, inner_networks=2, seed=seed)
    scores = detector.fit({"events": events}).score(events)
    passed = SidebandEfficiency(WINDOW, 0.05).learn(events, scores).masks(events, scores)["kept"]
    edges = np.array([2230, 2300, 2400, 2500, 2600, 2725, 2850, 3000, 3150, 3331, 3600, 4071])
    total, kept = (np.histogram(events["mjj"][chosen], edges)[0] for chosen in (slice(None), passed))
    expected = total * kept.sum() / total.sum()
    chi_square = np.sum((kept - expected) ** 2 / (expected * (1 - kept.sum() / total.sum())))
    assert chi_square < 32.9  # probability 0.0005 for 11 bins and one normalisation


@pytest.mark.physics
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_two_sigma_resonance_becomes_a_discovery(seed):
    """About 2 sigma before the cut in 2900-3080 GeV; more than 5 after it."""
    events = toy.mixture(150000, 290, seed=seed)
    detector = CWoLaHunting(WINDOW, INPUTS, MATCH, inner_networks=2, seed=seed)
    scores = detector.fit({"events": events}).score(events)["score"]
    passed = scores > np.quantile(scores[~WINDOW.in_signal_region(events["mjj"])], 0.99)
    peak = abs(events["mjj"] - 2990) < 90
    before, after = (_significance(events["injected"][chosen]) for chosen in (peak, peak & passed))
    assert before < 2.5
    assert after > 5


def _significance(labels):
    return labels.sum() / np.sqrt((labels == 0).sum())
