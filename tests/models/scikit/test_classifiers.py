"""Classifiers of skCATHODE's interface on normal distributions, whose best classifier is known."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from errors import MaplessError
from models.scikit.classifiers import (
    EnsembleModel,
    EpochEnsembleModel,
    HGBClassifier,
    NeuralNetworkClassifier,
)

RANDOM = np.random.default_rng(1)
Y = (RANDOM.uniform(size=6000) < 0.2).astype(int)
X = RANDOM.normal(size=(6000, 2)) + Y[:, None]
BEST = X.sum(axis=1) - 1  # logarithm of the ratio of the densities
NETWORK = NeuralNetworkClassifier(n_inputs=2, layers=[8], lr=2e-2, epochs=5, batch_size=256)
KINDS = [EpochEnsembleModel(NETWORK, 3), HGBClassifier(max_iters=40)]


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: type(kind).__name__)
def trained(request):
    return clone(request.param).fit(X, Y)


def test_a_classifier_gives_the_probability_among_classes_of_equal_weight(trained):
    found = trained.predict(X)
    assert found.shape == (6000, 1)
    assert trained.predict_proba(X).shape == (6000, 2)
    assert roc_auc_score(Y, found) > roc_auc_score(Y, BEST) - 0.01
    assert np.mean(abs(found[:, 0] - expit(BEST))) < 0.09


def test_the_same_seed_gives_the_same_probabilities(trained):
    again = clone(trained).fit(X, Y)
    np.testing.assert_array_equal(again.predict(X), trained.predict(X))
    if isinstance(again, EpochEnsembleModel):
        assert len(again.models_[0].load_val_loss()) == NETWORK.epochs


def test_weights_and_validation_events_of_ones_own_count():
    wrong = RANDOM.uniform(size=6000) < 0.5
    labels, weight = np.where(wrong, 1 - Y, Y), np.where(wrong, 1e-9, 1.0)
    found = HGBClassifier(max_iters=20).fit(
        X, labels, X, labels, sample_weight=weight, sample_weight_val=weight
    )
    assert roc_auc_score(Y, found.predict(X)) > roc_auc_score(Y, BEST) - 0.02
    assert roc_auc_score(Y, HGBClassifier(max_iters=20).fit(X, labels).predict(X)) < 0.8


def test_an_ensemble_puts_together_what_its_models_say():
    models = [HGBClassifier(max_iters=5, random_state=seed) for seed in (1, 2)]
    each = [clone(model).fit(X, Y).predict(X) for model in models]
    np.testing.assert_allclose(EnsembleModel(models).fit(X, Y).predict(X), np.mean(each, axis=0))
    np.testing.assert_allclose(EnsembleModel(models, np.max).fit(X, Y).predict(X), np.max(each, axis=0))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((X, Y[:5]), "6000, 5 and 5 events"),
        ((X, 2 * Y), "labels are to be 0 and 1"),
        ((X * np.nan, Y), "not finite"),
        ((X[:, 0], Y), r"X has shape \(6000,\)"),
        ((X, Y, X), "give y_val"),
    ],
)
def test_what_does_not_fit_is_one_line(arguments, words):
    with pytest.raises(MaplessError, match=words):
        HGBClassifier().fit(*arguments)


def test_an_untrained_classifier_says_so():
    for one in (NETWORK, HGBClassifier(), EnsembleModel([NETWORK])):
        with pytest.raises(MaplessError, match="is not trained"):
            clone(one).predict(X)
    with pytest.raises(MaplessError, match="n_inputs = 4"):
        NeuralNetworkClassifier().fit(X, Y)
