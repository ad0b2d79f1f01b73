"""Monotonic functions of one variable that an autoregressive flow applies to each feature, both ways."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import tensorflow as tf

_SMALLEST = 1e-3  # width, height and slope of a bin of a spline
_LARGEST_LOG_SCALE = 3.0


class ElementwiseMap(ABC):
    """Maps (..., features) onto the same shape by parameters (..., features, n_parameters).

    Parameters of zero give the identity.
    """

    parameters: int

    @abstractmethod
    def forward(self, x: Any, parameters: Any) -> tuple[Any, Any]:
        """Map x; returns what it maps to and the logarithm of the slope there, both (..., features)."""

    @abstractmethod
    def inverse(self, z: Any, parameters: Any) -> tuple[Any, Any]:
        """Undo `forward`; returns x and the logarithm of the slope of the inverse, both (..., features)."""


class AffineMap(ElementwiseMap):
    """A shift and a scale, as in masked autoregressive flows (arXiv:1705.07057); scales stay below e^3."""

    parameters = 2

    def forward(self, x: Any, parameters: Any) -> tuple[Any, Any]:
        """Scale and shift x."""
        shift, log_scale = self._of(parameters)
        return x * tf.exp(log_scale) + shift, log_scale

    def inverse(self, z: Any, parameters: Any) -> tuple[Any, Any]:
        """Shift back and scale back."""
        shift, log_scale = self._of(parameters)
        return (z - shift) * tf.exp(-log_scale), -log_scale

    @staticmethod
    def _of(parameters: Any) -> tuple[Any, Any]:
        log_scale = _LARGEST_LOG_SCALE * tf.tanh(parameters[..., 1] / _LARGEST_LOG_SCALE)
        return parameters[..., 0], log_scale


class RationalQuadraticSpline(ElementwiseMap):
    """A monotonic spline of rational quadratic pieces between -bound and bound, the identity outside.

    Value and slope are continuous everywhere (arXiv:1906.04032).
    """

    def __init__(self, bins: int = 8, bound: float = 5.0) -> None:
        self.bins = bins
        self.bound = bound
        self.parameters = 3 * bins - 1

    def forward(self, x: Any, parameters: Any) -> tuple[Any, Any]:
        """Map x by the piece that it lies in."""
        inside, clipped = self._clipped(x)
        left, width, bottom, height, slope_left, slope_right = self._pieces(clipped, parameters, axis=0)
        mean = height / width
        t = (clipped - left) / width
        below = mean + (slope_left + slope_right - 2 * mean) * t * (1 - t)
        z = bottom + height * (mean * t**2 + slope_left * t * (1 - t)) / below
        slope = mean**2 * (slope_right * t**2 + 2 * mean * t * (1 - t) + slope_left * (1 - t) ** 2) / below**2
        return tf.where(inside, z, x), tf.where(inside, tf.math.log(slope), tf.zeros_like(x))

    def inverse(self, z: Any, parameters: Any) -> tuple[Any, Any]:
        """Solve the quadratic equation of the piece that z lies in."""
        inside, clipped = self._clipped(z)
        left, width, bottom, height, slope_left, slope_right = self._pieces(clipped, parameters, axis=1)
        mean = height / width
        up = clipped - bottom
        bend = slope_left + slope_right - 2 * mean
        a = height * (mean - slope_left) + up * bend
        b = height * slope_left - up * bend
        c = -mean * up
        t = 2 * c / (-b - tf.sqrt(tf.maximum(b**2 - 4 * a * c, 0.0)))
        x = left + t * width
        below = mean + bend * t * (1 - t)
        slope = mean**2 * (slope_right * t**2 + 2 * mean * t * (1 - t) + slope_left * (1 - t) ** 2) / below**2
        return tf.where(inside, x, z), tf.where(inside, -tf.math.log(slope), tf.zeros_like(z))

    def _clipped(self, values: Any) -> tuple[Any, Any]:
        """Whether values lie within the bound, and values that do: no gradient is lost to those outside."""
        inside = tf.abs(values) < self.bound
        return inside, tf.where(inside, values, tf.zeros_like(values))

    def _pieces(self, values: Any, parameters: Any, axis: int) -> tuple[Any, ...]:
        """Left edge, width, bottom, height and slopes at both ends of the piece that holds each value.

        `axis` is 0 for values along the horizontal and 1 for those along the vertical axis.
        """
        widths = self._lengths(parameters[..., : self.bins])
        heights = self._lengths(parameters[..., self.bins : 2 * self.bins])
        lefts, bottoms = self._starts(widths), self._starts(heights)
        piece = tf.reduce_sum(
            tf.cast(values[..., None] >= (lefts, bottoms)[axis][..., 1:], tf.int32), axis=-1, keepdims=True
        )
        chosen = tf.cast(tf.equal(piece, tf.range(self.bins)), values.dtype)  # faster than to gather
        zero = np.log(np.expm1(1 - _SMALLEST))  # a parameter of zero gives a slope of one
        inner = _SMALLEST + tf.nn.softplus(parameters[..., 2 * self.bins :] + tf.cast(zero, values.dtype))
        ones = tf.ones_like(inner[..., :1])
        slopes = tf.concat([ones, inner, ones], axis=-1)
        of_pieces = (lefts, widths, bottoms, heights, slopes[..., :-1], slopes[..., 1:])
        return tuple(tf.reduce_sum(chosen * quantity, axis=-1) for quantity in of_pieces)

    def _lengths(self, parameters: Any) -> Any:
        shares = tf.nn.softmax(parameters, axis=-1)
        return 2 * self.bound * (_SMALLEST + (1 - _SMALLEST * self.bins) * shares)

    def _starts(self, lengths: Any) -> Any:
        return tf.cumsum(lengths, axis=-1, exclusive=True) - tf.cast(self.bound, lengths.dtype)
