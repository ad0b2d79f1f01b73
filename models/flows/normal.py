"""The standard normal density, which every flow maps to."""

from typing import Any

import numpy as np
import tensorflow as tf


def log_normal(z: Any) -> Any:
    """Logarithm of the standard normal density of z (..., features), shape (...)."""
    return -0.5 * tf.reduce_sum(z**2 + tf.cast(np.log(2 * np.pi), z.dtype), axis=-1)
