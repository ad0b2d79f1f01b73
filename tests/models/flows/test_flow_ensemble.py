"""Flows trained on a density that is known: two features whose means and shape follow a condition."""

import numpy as np
import pytest
import tensorflow as tf

from models.flows.autoregressive import AutoregressiveFlows
from models.flows.elementwise import AffineMap, RationalQuadraticSpline
from models.flows.flow_ensemble import FlowEnsemble
from models.flows.flow_matching import FlowMatching
from models.stacked_training import Schedule, Share

WIDTH = 0.3


def drawn(n, seed, condition=None):
    """A normal peak that follows the condition, and two peaks that follow the square of the first feature."""
    random = np.random.default_rng(seed)
    condition = random.uniform(-1, 1, (n, 1)) if condition is None else np.full((n, 1), condition)
    first = condition[:, 0] + WIDTH * random.normal(size=n)
    side = np.where(random.random(n) < 0.5, -1, 1)
    second = side + first**2 + WIDTH * random.normal(size=n)
    return np.stack([first, second], axis=1), condition


def true_log_density(features, condition):
    def log_normal(distance):
        return -0.5 * (distance / WIDTH) ** 2 - np.log(WIDTH * np.sqrt(2 * np.pi))

    peaks = [log_normal(features[:, 1] - side - features[:, 0] ** 2) for side in (-1, 1)]
    return log_normal(features[:, 0] - condition[:, 0]) + np.logaddexp(*peaks) - np.log(2)


def share(rows):
    training, validation = rows[: len(rows) * 4 // 5], rows[len(rows) * 4 // 5 :]
    return Share(
        training, np.ones(len(training), np.float32), validation, np.ones(len(validation), np.float32)
    )


FLOWS = {
    "splines": (lambda flows: AutoregressiveFlows(flows, 2, 1, 2, (32,), RationalQuadraticSpline(8), 1), 8),
    "affine": (lambda flows: AutoregressiveFlows(flows, 2, 1, 4, (32,), AffineMap(), 1), 12),
    "matching": (lambda flows: FlowMatching(flows, 2, 1, (48, 48), 20, 1), 30),
}


@pytest.fixture(
    scope="module",
    params=[pytest.param(kind, marks=pytest.mark.physics) if kind == "affine" else kind for kind in FLOWS],
)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def ensemble(kind):
    """Two flows: one has seen the sample, the other its mirror image."""
    make, epochs = FLOWS[kind]
    (features, conditions), n = drawn(12000, 1), 12000
    both = np.concatenate([features, -features]), np.concatenate([conditions, conditions])
    made = FlowEnsemble(make(2), seed=1)
    schedule = Schedule(epochs, 256, 5e-3, patience=epochs, best_epochs=2)
    made.fit(*both, [share(np.arange(n)), share(n + np.arange(n))], schedule)
    return made


@pytest.fixture(scope="module")
def test_sample():
    return drawn(1500, 2)


def every(events):
    return [np.arange(len(events))] * 2


def test_the_density_is_nearly_the_true_one(kind, ensemble, test_sample):
    found, mirrored = ensemble.log_density(*test_sample, every(test_sample[0]))
    truth = true_log_density(*test_sample)
    excess = np.mean(truth - found)  # of information; zero for the true density
    assert -0.02 < excess < {"splines": 0.1, "affine": 0.45, "matching": 0.45}[kind]
    assert np.mean(truth - mirrored) > 2


@pytest.mark.parametrize("condition", [-0.8, 0.4])
def test_the_density_integrates_to_one(ensemble, condition):
    axis = np.linspace(-4, 6, 61)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    conditions = np.full((len(grid), 1), condition)
    density = np.exp(ensemble.log_density(grid, conditions, [np.arange(len(grid)), np.array([0])])[0])
    assert density.sum() * (axis[1] - axis[0]) ** 2 == pytest.approx(1, abs=0.01)


def test_there_and_back_is_where_one_was_with_opposite_jacobians(ensemble, test_sample):
    features, conditions = test_sample
    there = ensemble.transform(features, conditions, every(features))[0]
    back = ensemble.inverse_transform(there[:, :-1], conditions, every(features))[0]
    assert np.abs(back[:, :-1] - features).max() < 1e-5
    assert np.abs(back[:, -1] + there[:, -1]).max() < 1e-4


def test_samples_are_distributed_as_the_density_is(kind, ensemble):
    features, conditions = drawn(4000, 3, condition=0.5)
    rows = [np.arange(4000), np.array([], int)]
    sample, empty = ensemble.sample(conditions, rows, np.random.default_rng(4))
    assert empty.shape == (0, 2)
    tolerance = {"splines": 0.05, "affine": 0.12, "matching": 0.12}[kind]
    np.testing.assert_allclose(sample.mean(axis=0), features.mean(axis=0), atol=tolerance)
    np.testing.assert_allclose(sample.std(axis=0), features.std(axis=0), atol=tolerance)


def test_the_same_seed_gives_the_same_flow():
    make, _ = FLOWS["matching"]
    features, conditions = drawn(2000, 5)
    schedule = Schedule(1, 256, 5e-3, patience=1)

    def density():
        made = FlowEnsemble(make(1), seed=7)
        made.fit(features, conditions, [share(np.arange(2000))], schedule)
        return made.log_density(features[:50], conditions[:50], [np.arange(50)])[0]

    np.testing.assert_array_equal(density(), density())


@pytest.mark.parametrize("elementwise", [AffineMap(), RationalQuadraticSpline(5, 2.0)])
def test_elementwise_maps_invert_and_have_finite_gradients_everywhere(elementwise):
    edges = [-1e6, -2.0, -1.9999999, 0.0, 1.9999999, 2.0, 1e6]
    x = tf.constant(np.array(edges)[:, None])
    parameters = tf.constant(np.random.default_rng(1).normal(size=(7, 1, elementwise.parameters)) * 5)
    with tf.GradientTape() as tape:
        tape.watch([x, parameters])
        z, log_slope = elementwise.forward(x, parameters)
        total = tf.reduce_sum(z) + tf.reduce_sum(log_slope)
    for gradient in tape.gradient(total, [x, parameters]):
        assert np.isfinite(gradient).all()
    back, log_inverse = elementwise.inverse(z, parameters)
    np.testing.assert_allclose(back, x, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(log_inverse, -log_slope, atol=1e-6)


@pytest.mark.parametrize("elementwise", [AffineMap(), RationalQuadraticSpline()])
def test_parameters_of_zero_are_the_identity(elementwise):
    x = tf.constant(np.linspace(-7, 7, 29)[:, None])
    z, log_slope = elementwise.forward(x, tf.zeros((29, 1, elementwise.parameters), tf.float64))
    np.testing.assert_allclose(z, x, atol=1e-12)
    np.testing.assert_allclose(log_slope, 0, atol=1e-12)


def test_a_feature_is_described_by_those_before_it_only():
    flows = AutoregressiveFlows(1, 3, 1, 1, (16,), AffineMap(), 1)
    for variable in flows.variables:
        variable.assign(np.random.default_rng(2).normal(size=variable.shape))
    x = tf.constant(np.random.default_rng(3).normal(size=(1, 1, 3)))
    with tf.GradientTape() as tape:
        tape.watch(x)
        z, log_jacobian = flows.forward(x, tf.zeros((1, 1, 1), tf.float64))
    slopes = tape.jacobian(z, x)[0, 0, ::-1, 0, 0].numpy()  # the block reverses the order
    assert np.all(slopes[np.triu_indices(3, 1)] == 0)
    assert np.all(slopes[np.tril_indices(3)] != 0)
    assert log_jacobian.numpy()[0, 0] == pytest.approx(np.log(np.abs(np.linalg.det(slopes))))
