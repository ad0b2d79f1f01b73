"""The quantised layers that trigger networks are made of, from the type of the inputs to the score."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

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


def truncated_dense(
    tensor: Any, units: int, types: LayerTypes, inputs: FixedPoint, sums: FixedPoint, name: str
) -> Any:
    """Dense layer whose products are each cut off to the bits of `sums` before they are added.

    Every product is a value of layer NAME_products, which holds the weights: that of input i and unit u is
    number `units * i + u`. Biases turn rounding to even into cutting off, there and in the sums.

    Args:
        tensor: (n_events, n_inputs).
        units: of the layer.
        types: of its weights and its output.
        inputs: type of the tensor.
        sums: type in which the firmware adds up; sums beyond it stay here as they are.
        name: of the layer.
    """
    assert types.output is not None
    n_inputs, integer = tensor.shape[-1], inputs.integer + types.kernel.integer
    product = FixedPoint(integer + sums.fraction, integer)
    no_weights = np.zeros((n_inputs, n_inputs * units))
    exact = inputs.fraction + types.kernel.fraction
    x = _cutting_off(tensor, no_weights, types.kernel, exact, product, f"{name}_products")
    ones = np.tile(np.eye(units), (n_inputs, 1))
    return _cutting_off(x, ones, _SUM_TYPE, sums.fraction, types.output, name)


def _cutting_off(
    tensor: Any, kernel: NDArray[Any], kernel_type: FixedPoint, fraction: int, to: FixedPoint, name: str
) -> Any:
    """Dense layer that no training changes; its biases make rounding to even that of `to`."""
    from qkeras import QDense

    types = LayerTypes(kernel_type, FixedPoint(fraction + 2, 1))
    layer = QDense(kernel.shape[1], **_quantisers(types), trainable=False, name=name)
    outputs = layer(tensor)
    layer.set_weights([kernel, np.full(kernel.shape[1], to.tie_shift(fraction))])
    return cast(outputs, to, f"{name}_type")


def convolution(tensor: Any, filters: int, window: tuple[int, int], types: LayerTypes, name: str) -> Any:
    """Convolution with square windows of a size and a stride, and the type of its output."""
    from qkeras import QConv2D

    size, stride = window
    layer = QConv2D(filters, size, strides=stride, **_quantisers(types), name=name)
    return cast(layer(tensor), types.output, f"{name}_type")


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
