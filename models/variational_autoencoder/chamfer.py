"""Chamfer distance between two sets of points: from each point to the nearest one of the other set."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


@tf.custom_gradient
def chamfer_distance(true: tf.Tensor, decoded: tf.Tensor) -> tuple[tf.Tensor, Callable[[Any], Any]]:
    """Sum over both sets of the squared distance to the nearest point of the other, (batch,).

    Both are (batch, points, dimensions); the order of the points does not matter. Only `decoded` gets a
    gradient, of the nearest points alone: that of all distances takes several times as long.
    """
    squares = (tf.reduce_sum(points**2, axis=-1) for points in (true, decoded))
    of_true, of_decoded = squares
    products = tf.matmul(true, decoded, transpose_b=True)
    distances = of_true[:, :, None] + of_decoded[:, None, :] - 2 * products  # good enough to find the nearest
    nearest_decoded = tf.argmin(distances, axis=2, output_type=tf.int32)
    nearest_true = tf.argmin(distances, axis=1, output_type=tf.int32)
    from_true = true - tf.gather(decoded, nearest_decoded, batch_dims=1)
    from_decoded = decoded - tf.gather(true, nearest_true, batch_dims=1)

    def gradient(upstream: tf.Tensor) -> tuple[None, tf.Tensor]:
        batch, points, dimensions = tf.unstack(tf.shape(decoded))
        place = tf.reshape(nearest_decoded + points * tf.range(batch)[:, None], [-1])
        pulls = tf.math.unsorted_segment_sum(tf.reshape(from_true, [-1, dimensions]), place, batch * points)
        pulls = tf.reshape(pulls, tf.shape(decoded))
        return None, 2 * upstream[:, None, None] * (from_decoded - pulls)

    total = tf.reduce_sum(from_true**2, axis=[1, 2]) + tf.reduce_sum(from_decoded**2, axis=[1, 2])
    return total, gradient
