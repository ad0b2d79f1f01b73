"""The quantised layers that trigger networks are made of, from the type of the inputs to the score."""

from dataclasses import dataclass
from typing import Any

from firmware.quantise import FixedPoint

_SUM_TYPE = FixedPoint(2, 2)  # holds the 1 that sums up


@dataclass(frozen=True)
class LayerTypes:
    """Types of one dense or convolutional layer: kernel, bias (None: no bias) and what leaves it."""

    kernel: FixedPoint
    bias: FixedPoint | None
    output: FixedPoint


def cast(tensor: Any, to: FixedPoint, name: str) -> Any:
    """Round a tensor to a type."""
    from qkeras import QActivation

    return QActivation(to.quantiser(), name=name)(tensor)


def dense(tensor: Any, units: int, types: LayerTypes, name: str) -> Any:
    """Dense layer and the type of its output; an unsigned output type acts as ReLU."""
    from qkeras import QDense

    return cast(QDense(units, **_quantisers(types), name=name)(tensor), types.output, f"{name}_type")


def convolution(tensor: Any, filters: int, size: int, types: LayerTypes, name: str) -> Any:
    """Convolution whose windows of size x size do not overlap, and the type of its output."""
    from qkeras import QConv2D

    window = {"kernel_size": (size, size), "strides": (size, size)}
    outputs = QConv2D(filters, **window, **_quantisers(types), name=name)(tensor)
    return cast(outputs, types.output, f"{name}_type")


def sum_of_squares(tensor: Any, square: FixedPoint, score: FixedPoint) -> Any:
    """Sum of squares on chip, each rounded to `square` first; the AXOL1TL score up to version 4."""
    from keras import layers
    from qkeras import QDense

    squares = cast(layers.Multiply(name="squares")([tensor, tensor]), square, "squares_type")
    total = QDense(
        1,
        use_bias=False,
        kernel_quantizer=_SUM_TYPE.quantiser(),
        kernel_initializer="ones",
        trainable=False,
        name="sum",
    )
    return cast(total(squares), score, "score")


def squared_distance(first: Any, second: Any, score: FixedPoint) -> Any:
    """Squared distance on chip, rounded once at the end; the AXOL1TL score from version 5 on."""
    from keras import layers

    difference = layers.Subtract(name="difference")([first, second])
    return cast(layers.Dot(axes=1, name="squared_distance")([difference, difference]), score, "score")


def _quantisers(types: LayerTypes) -> dict[str, Any]:
    bias = types.bias and types.bias.quantiser()
    return {
        "kernel_quantizer": types.kernel.quantiser(),
        "bias_quantizer": bias,
        "use_bias": types.bias is not None,
    }
