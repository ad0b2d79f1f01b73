"""Trainings on a toy; each of them takes seconds, so they are shared wherever possible."""

import numpy as np
import pytest

from errors import MaplessError
from models.cwola import CWoLaHunting
from models.jetwise import COMBINATIONS
from models.mass_windows import CMS_WINDOWS, MassWindow
from tests.models import toy

WINDOW = CMS_WINDOWS["B3"]
QUICK = {"inner_networks": 1, "hidden": (16, 8), "epochs": 6, "batch_size": 256, "learning_rate": 5e-3}


def quick(**options):
    return CWoLaHunting(WINDOW, **QUICK | options)


def area_under_curve(scores, truth):
    ranks = scores.argsort().argsort() + 1
    positive = truth > 0
    n = positive.sum()
    return (ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(truth) - n))


def efficiencies(detector, events):
    """Signal and background efficiency of the default cut."""
    scores = detector.score(events)
    passed = scores > detector.threshold(events, scores)
    return [passed[events["truth_label"] == label].mean() for label in (1, 0)]


@pytest.fixture(scope="module")
def events():
    return toy.mixture(20000, 200, seed=1)


@pytest.fixture(scope="module")
def detector(events):
    return quick().fit(events)


def test_an_injected_resonance_gets_high_scores(detector, events):
    signal, background = efficiencies(detector, events)
    assert signal > 0.3
    assert background < 0.02


def test_every_event_is_scored_between_zero_and_one(detector, events):
    scores = detector.score(events)
    assert scores.shape == events["mjj"].shape
    assert scores.min() >= 0
    assert scores.max() <= 1


def test_the_threshold_keeps_the_wanted_fraction_of_weighted_sidebands(detector, events):
    scores = detector.score(events)
    weights = WINDOW.sideband_weights(events["mjj"], np.ones(len(scores)))
    for efficiency in (None, 0.1, 0.5):
        passed = scores > detector.threshold(events, scores, efficiency)
        wanted = WINDOW.kept_fraction if efficiency is None else efficiency
        assert weights[passed].sum() == pytest.approx(wanted * weights.sum(), abs=weights.max())


def test_each_jet_and_fold_has_uniform_quantiles_in_the_sidebands(detector, events):
    weights = WINDOW.sideband_weights(events["mjj"], np.ones(len(events["mjj"])))
    for quantiles in detector.jet_quantiles(events):
        for fold in range(5):
            chosen = events["fold"] == fold
            counts, _ = np.histogram(quantiles[chosen], np.linspace(0, 1, 6), weights=weights[chosen])
            assert counts / counts.sum() == pytest.approx(0.2, abs=0.01)


def test_a_saved_detector_gives_the_same_scores(detector, events, tmp_path):
    detector.save(tmp_path / "detector")
    loaded = CWoLaHunting.load(tmp_path / "detector")
    assert loaded == detector
    np.testing.assert_array_equal(loaded.score(events), detector.score(events))
    assert [path.name for path in tmp_path.iterdir()] == ["detector"]


def test_saving_again_replaces_what_was_there(detector, tmp_path):
    for _ in range(2):
        detector.save(tmp_path / "detector")
    assert sorted(path.name for path in (tmp_path / "detector").iterdir()) == [
        "detector.json",
        "networks.npz",
        "quantile_maps.npz",
    ]


def test_the_same_seed_gives_the_same_scores(detector, events):
    np.testing.assert_array_equal(quick().fit(events).score(events), detector.score(events))


def test_a_single_event_can_be_scored(detector, events):
    one = {name: values[17:18] for name, values in events.items()}
    assert detector.score(one)[0] == pytest.approx(detector.score(events)[17], abs=1e-6)


def test_masses_within_a_fold_do_not_move_the_networks_that_score_it(detector, events):
    """If the masses of fold 2 are dealt out anew, only the networks of the other folds may change."""
    fold_2 = events["fold"] == 2
    inside = np.flatnonzero(fold_2 & WINDOW.contains(events["mjj"]))
    mjj = events["mjj"].copy()
    mjj[inside] = np.random.default_rng(4).permutation(mjj[inside])
    before, after = detector.outputs(events), quick().fit(events | {"mjj": mjj}).outputs(events)
    np.testing.assert_array_equal(before[:, fold_2], after[:, fold_2])
    assert np.all(np.any(before[:, ~fold_2] != after[:, ~fold_2], axis=1))


def test_no_event_is_scored_by_networks_that_saw_it():
    """In fold k, and nowhere else, the feature number k tells the window from the sidebands."""
    events = toy.background(20000, seed=5)
    window = WINDOW.in_signal_region(events["mjj"])
    random = np.random.default_rng(5)
    for jet in ("jet1", "jet2"):
        for number, feature in enumerate(toy.FEATURES):
            planted = 1.5 * (window & (events["fold"] == number))
            events[f"{jet}_{feature}"] = random.normal(size=len(window)) + planted
    detector = quick(reweight_pt=False, inner_networks=2).fit(events)
    inside = WINDOW.contains(events["mjj"])
    leaky = events | {"fold": (events["fold"] + 2) % 5}
    honest, cheating = (area_under_curve(detector.score(e)[inside], window[inside]) for e in (events, leaky))
    assert honest == pytest.approx(0.5, abs=0.04)
    assert cheating > 0.6


def test_swapped_jets_change_nothing_but_the_training_noise(events):
    swapped = {_other_jet(name): values for name, values in events.items()}
    signal, background = efficiencies(quick().fit(swapped), swapped)
    assert signal > 0.3
    assert background < 0.02


def _other_jet(name):
    return {"jet1": "jet2", "jet2": "jet1"}.get(name[:4], name[:4]) + name[4:]


def test_the_order_of_events_changes_nothing_but_the_training_noise(detector, events):
    order = np.random.default_rng(6).permutation(len(events["mjj"]))
    shuffled = quick().fit({name: values[order] for name, values in events.items()})
    back = np.empty(len(order))
    back[order] = shuffled.score({name: values[order] for name, values in events.items()})
    signal = events["truth_label"] == 1
    assert np.median(abs(back - detector.score(events))[signal]) < 0.02


def test_one_odd_jet_is_enough(events):
    ordinary = toy.background(len(events["mjj"]), seed=8)
    first_jet = {name: values for name, values in ordinary.items() if name.startswith("jet1")}
    signal, _ = efficiencies(quick().fit(events | first_jet), events | first_jet)
    assert signal > 0.15


def test_a_constant_feature_does_no_harm(events):
    constant = events | {"jet1_lsf3": np.zeros(len(events["mjj"]))}
    scores = quick(epochs=1).fit(constant).score(constant)
    assert np.all(np.isfinite(scores))


@pytest.mark.parametrize("combine", ["max", "product", "fisher"])
def test_every_combination_prefers_events_with_two_odd_jets(combine):
    quantiles = np.array([[0.99, 0.99, 0.5], [0.99, 0.5, 0.5]])
    scores = COMBINATIONS[combine](quantiles)
    assert scores[0] >= scores[1] > scores[2]
    assert scores.max() <= 1


def test_the_fisher_combination_of_independent_quantiles_is_uniform():
    scores = COMBINATIONS["fisher"](np.random.default_rng(9).uniform(size=(2, 50000)))
    counts, _ = np.histogram(scores, np.linspace(0, 1, 11))
    assert counts / len(scores) == pytest.approx(0.1, rel=0.06)


@pytest.mark.parametrize("column", ["mjj", "fold", "jet1_pt", "jet2_tau43"])
def test_a_missing_column_is_named(events, column):
    lacking = {name: values for name, values in events.items() if name != column}
    with pytest.raises(MaplessError, match=f"'{column}' is missing"):
        quick().fit(lacking)


def test_a_feature_that_is_not_a_number_is_named(events):
    broken = events["jet2_tau21"].copy()
    broken[[3, 5]] = np.nan
    with pytest.raises(MaplessError, match="'jet2_tau21' is not a finite number in 2 of 20200 events"):
        quick().fit(events | {"jet2_tau21": broken})


def test_a_window_beyond_the_events_is_refused(events):
    with pytest.raises(MaplessError, match="window 9000-10000 GeV holds no events"):
        CWoLaHunting(MassWindow(9000, 10000)).fit(events)


def test_a_sideband_beyond_the_events_is_refused(events):
    with pytest.raises(MaplessError, match="the low sideband of mass window 2017-2465 GeV holds no events"):
        CWoLaHunting(CMS_WINDOWS["A2"]).fit(events)


def test_a_fold_out_of_range_is_refused(events):
    with pytest.raises(MaplessError, match="3 folds need integers from 0 to 2"):
        quick(folds=3).fit(events)


def test_an_untrained_detector_says_so(events, tmp_path):
    for use in (lambda: quick().score(events), lambda: quick().save(tmp_path / "detector")):
        with pytest.raises(MaplessError, match="not trained"):
            use()
    with pytest.raises(MaplessError, match="holds no trained detector"):
        CWoLaHunting.load(tmp_path / "detector")


def test_an_unknown_combination_is_refused():
    with pytest.raises(MaplessError, match="max or product or fisher"):
        quick(combine="sum")


@pytest.mark.physics
@pytest.mark.parametrize("seed", [1, 2])
def test_background_alone_keeps_its_spectrum(seed):
    """The efficiency in bins of m_jj across window and sidebands is flat within its errors."""
    events = toy.background(150000, seed=seed, correlation=0.0)
    detector = CWoLaHunting(WINDOW, inner_networks=2, epochs=5, seed=seed).fit(events)
    scores = detector.score(events)
    passed = scores > detector.threshold(events, scores, 0.05)
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
    scores = CWoLaHunting(WINDOW, inner_networks=2, seed=seed).fit(events).score(events)
    passed = scores > np.quantile(scores[~WINDOW.in_signal_region(events["mjj"])], 0.99)
    peak = abs(events["mjj"] - 2990) < 90
    before, after = (_significance(events["truth_label"][chosen]) for chosen in (peak, peak & passed))
    assert before < 2.5
    assert after > 5


def _significance(labels):
    return labels.sum() / np.sqrt((labels == 0).sum())
