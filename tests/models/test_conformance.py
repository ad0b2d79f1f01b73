"""What every detector and every cut must do, whatever it is."""

import numpy as np
import pytest

from errors import MaplessError
from models.events import fold
from models.made import Made
from models.registry import CUTS, DETECTORS, make_cut, make_detector
from tests.models import toy

FOLDS = 3
OFFERED = {
    "window": toy.WINDOW,
    "column": "mjj",
    "folds": FOLDS,
    "seed": 1,
    "inputs": {jet: names[:2] for jet, names in toy.INPUTS.items()},
    "match": toy.MATCH,
    "features": toy.INPUTS["jet1"][:2],
}
QUICK = {
    "cathode": {
        "inner_networks": 1,
        "hidden": [4],
        "epochs": 1,
        "batch_size": 64,
        "drawn": 1.0,
        "flow_blocks": 1,
        "flow_hidden": [4],
        "flow_epochs": 1,
        "flow_batch_size": 64,
    },
    "combination": {
        "how": "learned",
        "detectors": {
            "trees": {
                "detector": "cwola-hunting-trees",
                "options": {"restarts": 1, "iterations": 3, "events_per_leaf": 20},
            },
            "forest": {"detector": "isolation-forest", "options": {"n_trees": 10}},
        },
    },
    "cwola-hunting": {"inner_networks": 1, "hidden": [4], "epochs": 2, "batch_size": 64},
    "cwola-hunting-trees": {"restarts": 1, "iterations": 3, "events_per_leaf": 20},
    "isolation-forest": {"n_trees": 10},
    "reference-networks": {"members": 1, "hidden": [4], "epochs": 1, "batch_size": 64, "best_epochs": 1},
    "reference-trees": {"members": 1, "iterations": 3},
}
CUT_OPTIONS = {
    "moving-sidebands": {"efficiencies": {"5%": 0.05, "20%": 0.2}},
    "quantile-regression": {"folds": 3, "bins": 5},
    "score-above": {"thresholds": {"low": 0.2, "high": 0.7}},
    "sideband-efficiency": {"kept": {"B3": 0.1}},
    "window-efficiency": {"efficiencies": {"5%": 0.05, "20%": 0.2}},
}
MASS = 3000.0

EVENTS = toy.background(3000, seed=1)


def make(name, **options):
    return make_detector(Made(name, QUICK[name] | options), **OFFERED)


def sample_of(role, events=EVENTS):
    """What a detector gets in a role: half of the events as signal, for classifiers to tell apart."""
    return events.where(events["key"] >> np.uint64(8) & np.uint64(1) == 0) if role == "signal" else events


def fit(detector, events=EVENTS):
    return detector.fit({role: sample_of(role, events) for role in detector.roles})


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module", params=DETECTORS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def trained(name):
    return fit(make(name))


@pytest.fixture(scope="module")
def scores(trained):
    return trained.score(EVENTS)


def test_every_event_gets_every_score(trained, scores):
    assert tuple(scores) == trained.scores
    for score in scores.values():
        assert score.shape == (len(EVENTS),)
        assert np.isfinite(score).all()
        assert len(np.unique(score)) > 10


def test_another_seed_gives_other_scores_and_progress_ends_at_its_total(name, scores):
    seen, detector = [], make(name, seed=2)
    detector.fit(
        {role: sample_of(role) for role in detector.roles}, lambda done, total: seen.append((done, total))
    )
    assert not same(detector.score(EVENTS), scores)
    assert seen[-1][0] == seen[-1][1] == len(seen)


def test_a_saved_detector_scores_the_same_to_the_last_bit(trained, scores, tmp_path):
    for _ in range(2):  # the second replaces the first
        trained.save(tmp_path / "detector")
    loaded = type(trained).load(tmp_path / "detector")
    assert loaded == trained
    assert same(loaded.score(EVENTS), scores)
    assert [path.name for path in tmp_path.iterdir()] == ["detector"]


def test_an_untrained_detector_says_so(name, tmp_path):
    for use in (lambda: make(name).score(EVENTS), lambda: make(name).save(tmp_path / "detector")):
        with pytest.raises(MaplessError, match="not trained"):
            use()
    with pytest.raises(MaplessError, match="holds no trained detector"):
        type(make(name)).load(tmp_path / "detector")


def test_events_of_a_fold_are_scored_by_what_never_saw_them(name, trained):
    """If all that is known of the events of the last fold is dealt out anew, only other models change."""
    in_fold = np.flatnonzero(fold(EVENTS, FOLDS) == FOLDS - 1)
    columns = {column for names in trained.columns.values() for column in names} - {"key"}
    values = {column: EVENTS[column].copy() for column in sorted(columns)}
    random = np.random.default_rng(4)
    for value in values.values():
        value[in_fold] = random.permutation(value[in_fold])
    before, after = raw(trained), raw(fit(make(name), EVENTS.but(**values)))
    np.testing.assert_array_equal(before[:, in_fold], after[:, in_fold])
    assert (before != after).any()


def raw(detector):
    """What a detector says before quantile maps, which are learnt in the fold itself."""
    if hasattr(detector, "parts"):
        return np.concatenate([raw(part) for part in detector.parts])
    outputs = getattr(detector, "outputs", None)
    return np.atleast_2d(outputs(EVENTS)) if outputs else np.stack(list(detector.score(EVENTS).values()))


def test_the_same_seed_and_the_columns_that_it_names_give_the_same_scores(name, trained, scores):
    training = {role: sample_of(role).only(columns) for role, columns in trained.columns.items()}
    assert same(make(name).fit(training).score(EVENTS.only(trained.score_columns)), scores)


def test_a_missing_column_is_named(name, trained):
    for role, columns in trained.columns.items():
        for column in columns:
            lacking = EVENTS.only(EVENTS.columns - {column})
            training = {other: EVENTS for other in trained.roles} | {role: lacking}
            with pytest.raises(MaplessError, match=f"'{column}' is missing"):
                make(name).fit(training)
    for column in trained.score_columns:
        with pytest.raises(MaplessError, match=f"'{column}' is missing"):
            trained.score(EVENTS.only(EVENTS.columns - {column}))


def test_what_is_not_a_number_is_named(name, trained):
    column = next(column for column in trained.score_columns if column != "key")
    values = EVENTS[column].copy()
    values[[3, 5]] = np.nan
    broken = EVENTS.but(**{column: values})
    for use in (lambda: fit(make(name), broken), lambda: trained.score(broken)):
        with pytest.raises(MaplessError, match=f"'{column}' is not a finite number in 2 of"):
            use()


def toy_scores():
    return {"score": np.random.default_rng(2).uniform(size=len(EVENTS))}


def make_learnt_cut(name):
    cut = make_cut(Made(name, CUT_OPTIONS[name]), **OFFERED)
    return cut.learn(EVENTS.only(cut.columns) if cut.columns else EVENTS, toy_scores(), [MASS])


def masks_of(cut):
    return cut.masks(EVENTS, toy_scores(), MASS if cut.per_mass else None)


@pytest.mark.parametrize("name", CUTS)
def test_every_category_of_a_cut_has_a_mask(name):
    cut = make_learnt_cut(name)
    masks = masks_of(cut)
    assert tuple(masks) == cut.categories
    for mask in masks.values():
        assert mask.dtype == bool
        assert mask.shape == (len(EVENTS),)
        assert 0 < mask.sum() < len(EVENTS)


@pytest.mark.parametrize("name", CUTS)
def test_exclusive_categories_share_no_event_and_others_do(name):
    cut = make_learnt_cut(name)
    in_categories = np.sum(list(masks_of(cut).values()), axis=0)
    assert (in_categories.max() <= 1) == cut.exclusive


@pytest.mark.parametrize("name", CUTS)
def test_a_saved_cut_selects_the_same_events(name, tmp_path):
    cut = make_learnt_cut(name)
    for _ in range(2):
        cut.save(tmp_path / "cut")
    loaded = type(cut).load(tmp_path / "cut")
    assert loaded == cut
    assert same(masks_of(loaded), masks_of(cut))
    assert [path.name for path in tmp_path.iterdir()] == ["cut"]


@pytest.mark.parametrize("name", CUTS)
def test_several_scores_ask_for_a_name(name):
    two = {"first": toy_scores()["score"], "second": np.zeros(len(EVENTS))}
    cut = make_cut(Made(name, CUT_OPTIONS[name] | {"score": "first"}), **OFFERED).learn(EVENTS, two, [MASS])
    assert same(cut.masks(EVENTS, two, MASS), masks_of(make_learnt_cut(name)))
    with pytest.raises(MaplessError, match="to one of first, second"):
        make_learnt_cut(name).masks(EVENTS, two, MASS)
