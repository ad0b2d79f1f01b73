import numpy as np
import pytest

from models.ensembles import NetworkEnsemble, StackedDense
from models.stacked_training import Schedule, Share

SCHEDULE = Schedule(epochs=8, batch_size=64, learning_rate=1e-2, patience=8)


def share(training, validation):
    rows = np.asarray(training), np.asarray(validation)
    return Share(rows[0], np.ones(len(rows[0]), np.float32), rows[1], np.ones(len(rows[1]), np.float32))


@pytest.fixture(scope="module")
def table():
    """Twice 2000 rows: the label is the sign of feature 0 in the first, of feature 1 in the second half."""
    features = np.random.default_rng(1).normal(size=(4000, 2)).astype(np.float32)
    labels = np.concatenate([features[:2000, 0] > 0, features[2000:, 1] > 0]).astype(np.float32)
    return features, labels


@pytest.fixture(scope="module")
def shares():
    halves = np.split(np.arange(4000), 2)
    return [share(halves[0][:1500], halves[0][1500:]), share(halves[1][:1200], halves[1][1200:])]


def trained(table, shares, **options):
    ensemble = NetworkEnsemble(len(shares), 2, (8,), seed=3)
    losses = ensemble.fit(*table, shares, SCHEDULE, **options)
    return ensemble, losses


def correct(output, truth):
    return np.mean((output > 0.5) == truth)


def test_each_network_learns_its_own_rows_only(table, shares):
    ensemble, _ = trained(table, shares)
    first, second = ensemble.predict(table[0], [np.arange(2000, 4000)] * 2)
    assert correct(second, table[1][2000:]) > 0.97
    assert correct(first, table[0][2000:, 0] > 0) > 0.97
    assert correct(first, table[1][2000:]) < 0.6


def test_a_network_is_not_moved_by_its_neighbours(table, shares):
    both, _ = trained(table, shares)
    other_labels = table[1].copy()
    other_labels[2000:] = 1 - other_labels[2000:]
    disturbed, _ = trained((table[0], other_labels), shares)
    rows = [np.arange(2000)] * 2
    before, after = both.predict(table[0], rows), disturbed.predict(table[0], rows)
    np.testing.assert_array_equal(before[0], after[0])
    assert np.abs(before[1] - after[1]).max() > 0.5


def test_rows_with_zero_weight_teach_nothing(table, shares):
    training = np.arange(1500)
    weights = (table[0][:1500, 1] < 0).astype(np.float32)
    labels = np.where(table[0][:, 1] < 0, table[1], 1 - table[1]).astype(np.float32)
    validation = np.flatnonzero(table[0][:2000, 1] < 0)[-300:]
    weighted = Share(training, weights, validation, np.ones(300, np.float32))
    ensemble, _ = trained((table[0], labels), [weighted, shares[1]])
    assert correct(ensemble.predict(table[0], [np.arange(2000)] * 2)[0], table[0][:2000, 0] > 0) > 0.95


def test_the_weights_of_the_best_epoch_are_kept_per_network(table, shares):
    ensemble, losses = trained(table, shares)
    outputs = ensemble.predict(table[0], [part.validation for part in shares])
    for network, (output, part) in enumerate(zip(outputs, shares, strict=True)):
        truth = table[1][part.validation]
        loss = -np.mean(np.log(np.where(truth > 0, output, 1 - output)))
        assert loss == pytest.approx(losses[:, network].min(), rel=1e-4)


def test_several_best_epochs_are_kept_and_averaged(table, shares):
    """Networks that learn too fast have their best epochs anywhere."""
    ensemble = NetworkEnsemble(2, 2, (8,), seed=3)
    losses = ensemble.fit(*table, shares, Schedule(8, 64, 0.3, patience=8, best_epochs=3))
    rows = [part.validation for part in shares]
    snapshots, found, outputs = ensemble.snapshots, [], []
    for one in snapshots:
        ensemble.snapshots = [one]
        outputs.append(ensemble.predict(table[0], rows))
        right = [np.where(table[1][row] > 0, p, 1 - p) for row, p in zip(rows, outputs[-1], strict=True)]
        found.append([-np.mean(np.log(one)) for one in right])
    np.testing.assert_allclose(found, np.sort(losses, axis=0)[:3], rtol=1e-3)
    ensemble.snapshots = snapshots
    mean = ensemble.predict(table[0], rows)[1]
    np.testing.assert_allclose(mean, np.mean([one[1] for one in outputs], axis=0), rtol=1e-6)


def test_training_stops_when_no_network_improves_any_more(shares):
    noise = np.random.default_rng(5)
    table = noise.normal(size=(4000, 2)).astype(np.float32), noise.integers(0, 2, 4000).astype(np.float32)
    ensemble = NetworkEnsemble(2, 2, (64, 64), seed=1)
    losses = ensemble.fit(*table, shares, Schedule(40, 16, 3e-2, patience=2))
    since_best = len(losses) - 1 - losses.argmin(axis=0)
    assert len(losses) < 40
    assert since_best.min() == 2


def test_the_same_seed_gives_the_same_networks(table, shares):
    rows = [np.arange(4000)] * 2
    outputs = [np.stack(trained(table, shares)[0].predict(table[0], rows)) for _ in range(2)]
    np.testing.assert_array_equal(*outputs)


def test_progress_reports_every_epoch(table, shares):
    calls = []
    trained(table, shares, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(epoch, 8) for epoch in range(1, 9)]


def test_prediction_pads_rows_of_different_length(table, shares):
    ensemble, _ = trained(table, shares)
    long, short = ensemble.predict(table[0], [np.arange(4000), np.array([7])])
    (repeated,) = ensemble.predict(table[0], [np.array([], int), np.arange(4000)])[1:]
    assert long.shape == (4000,)
    assert short[0] == pytest.approx(repeated[7], abs=1e-6)


def test_a_stacked_dense_layer_is_a_dense_layer_per_network():
    layer = StackedDense(3, "random_normal")
    inputs = np.random.default_rng(2).normal(size=(4, 5, 2)).astype(np.float32)
    outputs = np.asarray(layer(inputs))
    kernel, bias = (np.asarray(weight) for weight in layer.get_weights())
    for network in range(4):
        expected = inputs[network] @ kernel[network] + bias[network]
        np.testing.assert_allclose(outputs[network], expected, rtol=1e-5, atol=1e-6)
