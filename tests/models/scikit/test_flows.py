import numpy as np
import pytest
from sklearn.base import clone

from errors import MaplessError
from models.scikit.flows import ConditionalFlowMatching, ConditionalNormalizingFlow

RANDOM = np.random.default_rng(1)
M = RANDOM.uniform(-1, 1, 1500)
X = M[:, None] * [1.0, -2.0] + RANDOM.normal(size=(1500, 2))
SHORT = {"num_inputs": 2, "epochs": 20, "batch_size": 64, "lr": 1e-2, "val_split": 0.1}


@pytest.fixture(scope="module")
def flow():
    return ConditionalNormalizingFlow(num_blocks=1, num_hidden=8, **SHORT).fit(X, M)


def test_shapes_are_those_of_skcathode(flow):
    assert flow.transform(X, M).shape == X.shape
    assert flow.sample(3, M[:5]).shape == (15, 2)
    for one in (
        flow.predict_log_proba(X, M),
        flow.predict_proba(X, M),
        flow.score_samples(X, M),
        flow.log_jacobian_determinant(X, M),
        flow.inverse_jacobian_determinant(X, M),
    ):
        assert one.shape == (1500, 1)
    assert len(flow.load_val_loss()) == 20


def test_a_flow_finds_the_density_of_normal_features(flow):
    truth = -0.5 * ((X - M[:, None] * [1.0, -2.0]) ** 2).sum(axis=1).mean() - np.log(2 * np.pi)
    assert flow.score(X, M) == pytest.approx(truth, abs=0.05)
    np.testing.assert_allclose(flow.inverse_transform(flow.transform(X, M), M), X, atol=1e-5)
    np.testing.assert_allclose(flow.sample(2000, [0.5]).mean(axis=0), [0.5, -1.0], atol=0.15)


def test_events_of_weight_zero_teach_nothing():
    weight = (X[:, 0] < M).astype(float)
    half = ConditionalNormalizingFlow(num_blocks=1, num_hidden=8, **SHORT).fit(X, M, sample_weight=weight)
    assert half.sample(2000, [0.0])[:, 0].mean() < -0.4


def test_settings_are_those_of_a_scikit_learn_estimator():
    other = clone(ConditionalFlowMatching(layers=(4,), steps=3))
    assert other.get_params()["steps"] == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((X[:, :1], M), r"X has shape \(1500, 1\), not \(1500, 2\)"),
        ((X, M[:, None].repeat(2, 1)), "m has shape"),
        ((X * np.inf, M), "not finite"),
    ],
)
def test_what_does_not_fit_is_one_line(arguments, words):
    with pytest.raises(MaplessError, match=words):
        ConditionalNormalizingFlow(num_inputs=2).fit(*arguments)
    with pytest.raises(MaplessError, match="not trained"):
        ConditionalNormalizingFlow(num_inputs=2).transform(X, M)
    with pytest.raises(MaplessError, match="no transformation Spline"):
        ConditionalNormalizingFlow(num_inputs=2, transformation="Spline").fit(X, M)
