"""What every detector and every cut must do, whatever it is."""

import json
import re
import shutil

import numpy as np
import pytest

from errors import MaplessError
from models import saving
from models.events import fold
from models.made import Made
from models.registry import CUTS, DETECTORS, make_cut, make_detector
from models.saving import FORMAT
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
    "observables": toy.INPUTS["jet1"][:2],
    "priors": {"80-80": ["first"], "400-400": ["second", "third"]},
}
QUICK = {
    "autoencoder": {"inputs": "vector", "share": 0.5, "starts": 3, "hidden": [8], "latent": 4, "epochs": 2},
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
    "image-autoencoder": {"latent": 1, "epochs": 1, "batch_size": 256},
    "image-tag-n-train": {
        "rounds": 1,
        "n_images": 200,
        "filters": [2, 2],
        "dense": [],
        "latent": 2,
        "autoencoder_epochs": 1,
        "classifier_filters": [[2]],
        "classifier_dense": 2,
        "epochs": 1,
        "batch_size": 50,
    },
    "isolation-forest": {"n_trees": 10},
    "vae-qr": {"particles": 6, "latent": 1, "epochs": 2},
    "variational-recurrent-network": {
        "jets": ["jet1_constituent", "jet2_constituent"],
        "scored": "jet1_constituent",
        "length": 5,
        "hidden": 4,
        "epochs": 1,
    },
    "tag-n-train": {
        "filters": [2, 2],
        "dense": [],
        "latent": 2,
        "n_images": 200,
        "autoencoder_epochs": 1,
        "autoencoder_batch_size": 32,
        "classifier_options": {"restarts": 1, "iterations": 3, "events_per_leaf": 20},
    },
    "quak": {"hidden": [4], "depth": 1, "epochs": 2, "signal_epochs": 2, "batch_size": 64},
    "reference-networks": {"members": 1, "hidden": [4], "epochs": 1, "batch_size": 64, "best_epochs": 1},
    "reference-trees": {"members": 1, "iterations": 3},
}
CUT_OPTIONS = {
    "exclusive-scores": {"kept": 0.1, "order": ["first", "second"]},
    "fixed-efficiency": {"efficiencies": {"5%": 0.05, "20%": 0.2}},
    "highest-scores": {"numbers": {"50": 50, "5": 5}},
    "moving-sidebands": {"efficiencies": {"5%": 0.05, "20%": 0.2}},
    "quak-bins": {"kept": 0.1, "axes": ["first", "second"]},
    "quantile-regression": {"folds": 3, "bins": 5},
    "score-above": {"thresholds": {"low": 0.2, "high": 0.7}},
    "sideband-efficiency": {"kept": {"B3": 0.1}},
    "window-efficiency": {"efficiencies": {"5%": 0.05, "20%": 0.2}},
}
OF_SEVERAL_SCORES = {"exclusive-scores", "quak-bins"}
MASS = 3000.0

EVENTS = toy.with_constituents(toy.background(3000, seed=1), particles=8, seed=1)
EVENTS = toy.with_images(EVENTS, seed=2)
EVENTS = EVENTS.but(vector=np.random.default_rng(5).uniform(size=(len(EVENTS), 12)).astype(np.float32))


def make(name, **options):
    return make_detector(Made(name, QUICK[name] | options), **OFFERED)


def sample_of(role, events=EVENTS):
    """What a detector gets in a role: half of the events as signal, for classifiers to tell apart."""
    return events.where(events["key"] >> np.uint64(8) & np.uint64(1) == 0) if role == "signal" else events


def fit(detector, events=EVENTS):
    return detector.fit({role: sample_of(role, events) for role in detector.roles})


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


SLOW = {"image-tag-n-train"}
"""Detectors of many networks of images, whose compilation takes longer than all other detectors here."""


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.physics if name in SLOW else ()) for name in DETECTORS],
)
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


def test_events_of_a_fold_are_scored_by_what_never_saw_them_and_the_seed_repeats_it(name, trained):
    """If all that is known of the events of the last fold is dealt out anew, only other models change.

    Trained again on the columns that it names alone, those that never saw them are the same to the last bit.
    One without folds, which learns from other events than those that it scores, is the same on the same ones.
    """
    if trained.folds == 1:
        training = {role: sample_of(role).only(columns) for role, columns in trained.columns.items()}
        np.testing.assert_array_equal(raw(trained), raw(make(name).fit(training)))
        return
    in_fold = np.flatnonzero(fold(EVENTS, FOLDS) == FOLDS - 1)
    columns = {column for names in trained.columns.values() for column in names} - {"key"}
    values = {column: EVENTS[column].copy() for column in sorted(columns)}
    random = np.random.default_rng(4)
    for value in values.values():
        value[in_fold] = random.permutation(value[in_fold])
    dealt_out = EVENTS.but(**values)
    training = {role: sample_of(role, dealt_out).only(columns) for role, columns in trained.columns.items()}
    before, after = raw(trained), raw(make(name).fit(training))
    np.testing.assert_array_equal(before[:, in_fold], after[:, in_fold])
    assert (before != after).any()


def raw(detector):
    """What a detector says before quantile maps, which are learnt in the fold itself."""
    if hasattr(detector, "parts"):
        return np.concatenate([raw(part) for part in detector.parts])
    events = EVENTS.only(detector.score_columns)
    outputs = getattr(detector, "outputs", None)
    return np.atleast_2d(outputs(events)) if outputs else np.stack(list(detector.score(events).values()))


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
    values.reshape(len(values), -1)[[3, 5], 0] = np.nan
    broken = EVENTS.but(**{column: values})
    for use in (lambda: fit(make(name), broken), lambda: trained.score(broken)):
        with pytest.raises(MaplessError, match=f"'{column}' is not a finite number in 2 of"):
            use()


def toy_scores(*names):
    random = np.random.default_rng(2)
    return {name: random.uniform(size=len(EVENTS)) for name in names or ("score",)}


def make_learnt_cut(name):
    cut = make_cut(Made(name, CUT_OPTIONS[name]), **OFFERED)
    events = EVENTS.only(cut.columns) if cut.columns else EVENTS
    return cut.learn(events, toy_scores(*cut.scores), [MASS])


def masks_of(cut):
    return cut.masks(EVENTS, toy_scores(*cut.scores), MASS if cut.per_mass else None)


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


@pytest.mark.parametrize("name", sorted(CUTS.keys() - OF_SEVERAL_SCORES))
def test_several_scores_ask_for_a_name(name):
    two = {"first": toy_scores()["score"], "second": np.zeros(len(EVENTS))}
    cut = make_cut(Made(name, CUT_OPTIONS[name] | {"score": "first"}), **OFFERED).learn(EVENTS, two, [MASS])
    assert same(cut.masks(EVENTS, two, MASS), masks_of(make_learnt_cut(name)))
    with pytest.raises(MaplessError, match="to one of first, second"):
        make_learnt_cut(name).masks(EVENTS, two, MASS)


@pytest.mark.parametrize("name", sorted(CUTS.keys() - OF_SEVERAL_SCORES))
def test_the_score_of_several_is_taken_unless_another_is_named(name):
    cut = make_learnt_cut(name)
    both = {"error": np.zeros(len(EVENTS))} | toy_scores()
    assert same(cut.masks(EVENTS, both, MASS if cut.per_mass else None), masks_of(cut))


def sign_again(folder):
    """As if what is there now had been saved."""
    for file in sorted(folder.rglob("checksums.json"), key=lambda file: -len(file.parts)):
        file.write_text(json.dumps({"format": FORMAT, "sha256": saving._checksums(file.parent)}))


@pytest.mark.robustness
def test_saved_numbers_of_another_shape_are_refused(trained, tmp_path):
    """Even by checksums that agree: of every kind of array one has a row more, one is lost, one is text."""
    trained.save(tmp_path / "saved")
    for file in (tmp_path / "saved").rglob("*.npz"):
        arrays = dict(np.load(file))
        kinds = {re.sub(r"\d+", "#", name): name for name, values in arrays.items() if values.ndim}
        for name in kinds.values():
            more = np.concatenate([arrays[name], arrays[name][-1:]])
            for other in (more, None, np.full(arrays[name].shape, "x")):
                changed = tmp_path / "changed"
                shutil.rmtree(changed, ignore_errors=True)
                shutil.copytree(tmp_path / "saved", changed)
                kept = {one: values for one, values in arrays.items() if one != name}
                kept |= {} if other is None else {name: other}
                np.savez(changed / file.relative_to(tmp_path / "saved"), **kept)
                sign_again(changed)
                with pytest.raises(MaplessError, match="is not what was saved there"):
                    type(trained).load(changed)


@pytest.mark.parametrize("name", ["cathode", "cwola-hunting", "cwola-hunting-trees"])
def test_a_classifier_of_the_window_does_not_see_its_mass(name):
    seen = {"features": ["jet1_tau21", "mjj"], "inputs": {"jet1": ["mjj"]}}
    option = "features" if name == "cathode" else "inputs"
    with pytest.raises(MaplessError, match="'mjj' decides what is in window"):
        make_detector(Made(name, QUICK[name] | {option: seen[option]}), **OFFERED | {"match": {}})


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        ("quak", "epochs", 0),
        ("quak", "learning_rate", 0.0),
        ("cathode", "hidden", [0]),
        ("cathode", "flow_bins", 1),
        ("cwola-hunting", "batch_size", -5),
        ("cwola-hunting", "dropout", 1.0),
        ("cwola-hunting-trees", "restarts", 0),
        ("cwola-hunting-trees", "feature_share", 1.5),
        ("image-autoencoder", "latent", 0),
        ("image-tag-n-train", "rounds", 0),
        ("isolation-forest", "n_trees", 0),
        ("reference-trees", "iterations", 0),
        ("reference-networks", "members", 0),
        ("vae-qr", "score_beta", -1.0),
    ],
)
def test_numbers_that_train_nothing_are_refused_before_anything_trains(name, option, value):
    with pytest.raises(MaplessError, match=f"{name}: option {option}: Input should be"):
        make(name, **{option: value})
