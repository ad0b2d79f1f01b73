import numpy as np
import pytest
import tensorflow as tf

from models.variational_autoencoder.chamfer import chamfer_distance

RANDOM = np.random.default_rng(1)
TRUE, DECODED = RANDOM.normal(size=(2, 4, 7, 3)).astype(np.float32)


def plain(true, decoded):
    """The definition, jet by jet."""
    squares = [((x[:, None] - y[None]) ** 2).sum(axis=-1) for x, y in zip(true, decoded, strict=True)]
    return np.array([one.min(axis=0).sum() + one.min(axis=1).sum() for one in squares])


def test_it_is_the_sum_of_squares_to_the_nearest_point_both_ways():
    np.testing.assert_allclose(chamfer_distance(TRUE, DECODED), plain(TRUE, DECODED), rtol=1e-5)
    np.testing.assert_allclose(chamfer_distance(TRUE, TRUE), 0)


def test_the_order_of_points_padding_among_them_does_not_matter():
    padded = np.concatenate([TRUE, np.zeros((4, 3, 3), np.float32)], axis=1)
    shuffled = padded[:, RANDOM.permutation(10)]
    np.testing.assert_allclose(
        chamfer_distance(shuffled, DECODED[:, ::-1]), chamfer_distance(padded, DECODED), rtol=1e-5
    )


def test_its_gradient_is_the_slope_of_the_distance():
    decoded, upstream = tf.constant(DECODED), np.array([1.0, 2.0, 0.0, -1.0], np.float32)
    with tf.GradientTape() as tape:
        tape.watch(decoded)
        total = tf.reduce_sum(upstream * chamfer_distance(TRUE, decoded))
    found, step = tape.gradient(total, decoded).numpy(), 1e-4
    for place in [(0, 0, 0), (1, 3, 1), (2, 2, 2), (3, 6, 0)]:
        moved = np.zeros(DECODED.shape)
        moved[place] = step
        up, down = (plain(TRUE, DECODED + sign * moved) @ upstream for sign in (1, -1))
        assert found[place] == pytest.approx((up - down) / (2 * step), rel=1e-3, abs=1e-3)
