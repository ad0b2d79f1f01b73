"""The quantised layers that trigger networks are made of, from the type of the inputs to the score."""

from dataclasses import dataclass
from typing import Any, Self

from firmware.networks.quantise import FixedPoint

_SUM_TYPE = FixedPoint(2, 2)  # holds the 1 that sums up


@dataclass(frozen=True)
class LayerTypes:
    """Types of one dense or convolutional layer.

    Args:
        kernel: type of the weights.
        bias: type of the biases; None for a layer without.
        output: type that the outputs are rounded to; None keeps all bits.
    """

    kernel: FixedPoint
    bias: FixedPoint | None = None
    output: FixedPoint | None = None

    @classmethod
    def parse(cls, kernel: str, bias: str | None = None, output: str | None = None) -> Self:
        """Read the types as C++ writes them."""
        parsed = [text and FixedPoint.parse(text) for text in (kernel, bias, output)]
        return cls(*parsed)  # type: ignore[arg-type]


def cast(tensor: Any, to: FixedPoint | None, name: str) -> Any:
    """Round a tensor to a type; without one it stays as it is."""
    from qkeras import QActivation

    if to is None:
        return tensor
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
    ones = {"kernel_quantizer": _SUM_TYPE.quantiser(), "kernel_initializer": "ones", "trainable": False}
    return cast(QDense(1, use_bias=False, **ones, name="sum")(squares), score, "score")


def squared_distance(first: Any, second: Any, difference: FixedPoint | None, score: FixedPoint) -> Any:
    """Squared distance on chip, its sum rounded at the end; the AXOL1TL score from version 5 on.

    Single precision holds 24 bits: without a type for the differences, distances from 1024 on may miss the
    rounding of the firmware by one step in Keras, while integer arithmetic and firmware are exact.
    """
    from keras import layers

    x = cast(layers.Subtract(name="difference")([first, second]), difference, "difference_type")
    return cast(layers.Dot(axes=1, name="squared_distance")([x, x]), score, "score")


def _quantisers(types: LayerTypes) -> dict[str, Any]:
    bias = types.bias and types.bias.quantiser()
    return {
        "kernel_quantizer": types.kernel.quantiser(),
        "bias_quantizer": bias,
        "use_bias": types.bias is not None,
    }
