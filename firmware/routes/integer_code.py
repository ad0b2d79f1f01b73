"""A trigger model as C++ in integer arithmetic, equal to its quantised network bit for bit."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from firmware.networks.quantise import FixedPoint, fixed_point_of, quantised_weights
from firmware.networks.supported_layers import check_network
from firmware.trigger_model import TriggerModel

LAYERS_HEADER = Path(__file__).parents[1] / "cpp" / "integer_layers.h"
NAMESPACE = "mapless::triggers"
_INT_32 = 2.0**31


@dataclass(frozen=True)
class _Values:
    """Integers in C++: the variable, how many values, their unit 2^-fraction and a bound on their size."""

    variable: str
    size: int
    fraction: int
    bound: float


def integer_header(model: TriggerModel, name: str, *, layer: str | None = None) -> str:
    """Write a self-contained header with `double mapless::triggers::NAME::score(inputs)`.

    `inputs` is anything with `[i]` and `size()` that holds the hardware integers of one event; the function
    throws `std::invalid_argument` for another number of them and `std::overflow_error` where the scaling
    overflows. `NAME::outputs(scaled)` takes scaled inputs, as integers, to integers in steps of `NAME::unit`.

    Args:
        model: what is computed.
        name: namespace in C++.
        layer: whose outputs are wanted; by default the last one's, the score.

    Raises:
        MaplessError: a layer without integer arithmetic.
    """
    import keras

    check_network(model.network)
    constants: list[str] = []
    statements: list[str] = []
    values: dict[str, _Values] = {}
    last = layer or model.network.outputs[0]._keras_history.operation.name
    for each in model.network.layers:
        kind = type(each).__name__
        if kind == "InputLayer":
            values[each.name] = _inputs(model, constants)
            continue
        read = keras.tree.flatten(each.input)
        sources = [values[tensor._keras_history.operation.name] for tensor in read]
        values[each.name] = _WRITERS[kind](each, sources, constants, statements)
        if each.name == last:
            break
    body = "\n".join(f"    {statement}" for statement in statements)
    return _HEADER.format(
        layers=LAYERS_HEADER.read_text(),
        name=name,
        namespace=NAMESPACE,
        constants="\n".join(constants),
        n_inputs=len(model.scaling.offset),
        body=body,
        last=values[last].variable,
        unit=repr(2.0 ** -values[last].fraction),
        scaling=f"{model.scaling.fraction_bits}, {_scaling_limit(model)}",
    )


_HEADER = """// Score of the trigger model {name} in integer arithmetic; generated, do not edit.
{layers}
#ifndef MAPLESS_TRIGGER_{name}
#define MAPLESS_TRIGGER_{name}

namespace {namespace}::{name} {{

constexpr std::size_t n_inputs = {n_inputs};
constexpr double unit = {unit};
{constants}

inline auto outputs(const std::array<std::int32_t, n_inputs> &scaled)
{{
{body}
    return {last};
}}

template <class Inputs>
double score(const Inputs &hardware)
{{
    if (hardware.size() != n_inputs)
        throw std::invalid_argument("trigger model {name} got a wrong number of level-1 inputs");
    return outputs(mapless::scale(hardware, offset, shift, {scaling}))[0] * unit;
}}

}} // namespace {namespace}::{name}

#endif
"""


def _array(array: NDArray[Any]) -> str:
    if array.ndim == 1:
        return "{" + ", ".join(str(int(value)) for value in array) + "}"
    return "{" + ",\n".join(_array(row) for row in array) + "}"


def _constant(constants: list[str], kind: str, name: str, array: NDArray[Any]) -> str:
    shape = "".join(f"[{length}]" for length in array.shape)
    constants.append(f"constexpr {kind} {name}{shape} = {_array(array)};")
    return name


def _scaling_limit(model: TriggerModel) -> int:
    return int(2 ** (model.scaling.integer_bits + model.scaling.fraction_bits - 1))


def _inputs(model: TriggerModel, constants: list[str]) -> _Values:
    scaling = model.scaling
    _constant(constants, "std::int64_t", "offset", scaling.offset * 2.0**scaling.fraction_bits)
    _constant(constants, "int", "shift", scaling.shift)
    return _Values("scaled", len(scaling.offset), scaling.fraction_bits, _scaling_limit(model))


def _cast(layer: Any, sources: list[_Values], constants: list[str], statements: list[str]) -> _Values:
    x, to = sources[0], fixed_point_of(layer.activation)
    low, high = (int(end * 2**to.fraction) for end in (to.minimum, to.maximum))
    dropped = x.fraction - to.fraction
    statements.append(f"const auto {layer.name} = mapless::cast<{dropped}>({x.variable}, {low}, {high});")
    return _Values(layer.name, x.size, to.fraction, max(-low, high))


def _weights(layer: Any, x: _Values, constants: list[str]) -> tuple[NDArray[Any], str, str, int, float]:
    """Kernel, the names of kernel and bias, the fraction bits of the sums and a bound on these."""
    kernel_type: FixedPoint = fixed_point_of(layer.kernel_quantizer_internal)
    parameters = quantised_weights(layer)
    fraction, bias = x.fraction + kernel_type.fraction, np.zeros(parameters[0].shape[-1])
    appended = 0
    if layer.use_bias:
        bias = parameters[1]
        appended = max(0, fixed_point_of(layer.bias_quantizer_internal).fraction - fraction)
    kernel = parameters[0] * 2.0 ** (kernel_type.fraction + appended)
    fraction += appended
    bias = bias * 2.0**fraction
    bound = np.abs(kernel).sum(axis=tuple(range(kernel.ndim - 1))) * x.bound + np.abs(bias)
    names = (
        _constant(constants, "std::int32_t", f"{layer.name}_kernel", kernel),
        _constant(constants, "std::int64_t", f"{layer.name}_bias", bias),
    )
    return kernel, *names, fraction, float(bound.max())


def _accumulator(layer: Any, bound: float) -> str:
    if bound >= 2.0**63:
        raise MaplessError(f"sums of layer {layer.name!r} exceed 64 bits; use narrower types")
    return "std::int32_t" if bound < _INT_32 else "std::int64_t"


def _dense(layer: Any, sources: list[_Values], constants: list[str], statements: list[str]) -> _Values:
    x = sources[0]
    kernel, weights, bias, fraction, bound = _weights(layer, x, constants)
    sums = _accumulator(layer, bound)
    statements.append(f"const auto {layer.name} = mapless::dense<{sums}>({x.variable}, {weights}, {bias});")
    return _Values(layer.name, kernel.shape[-1], fraction, bound)


def _convolution(layer: Any, sources: list[_Values], constants: list[str], statements: list[str]) -> _Values:
    x = sources[0]
    if layer.padding != "valid" or len(set(layer.strides)) > 1:
        raise MaplessError(
            f"layer {layer.name!r} pads its image or strides unequally; use padding='valid' and equal strides"
        )
    _, weights, bias, fraction, bound = _weights(layer, x, constants)
    height, width = layer.input.shape[1:3]
    arguments = f"{_accumulator(layer, bound)}, {height}, {width}, {layer.strides[0]}"
    statements.append(
        f"const auto {layer.name} = mapless::convolution<{arguments}>({x.variable}, {weights}, {bias});"
    )
    return _Values(layer.name, int(np.prod(layer.output.shape[1:])), fraction, bound)


def _same(layer: Any, sources: list[_Values], constants: list[str], statements: list[str]) -> _Values:
    return sources[0]


def _product(layer: Any, sources: list[_Values], constants: list[str], statements: list[str]) -> _Values:
    x, y = sources
    statements.append(f"const auto {layer.name} = mapless::product({x.variable}, {y.variable});")
    return _Values(layer.name, x.size, x.fraction + y.fraction, x.bound * y.bound)


def _dot(layer: Any, sources: list[_Values], constants: list[str], statements: list[str]) -> _Values:
    x, y = sources
    statements.append(f"const auto {layer.name} = mapless::dot({x.variable}, {y.variable});")
    return _Values(layer.name, 1, x.fraction + y.fraction, x.size * x.bound * y.bound)


def _difference(layer: Any, sources: list[_Values], constants: list[str], statements: list[str]) -> _Values:
    x, y = sources
    fraction = max(x.fraction, y.fraction)
    times = [2 ** (fraction - side.fraction) for side in (x, y)]
    statements.append(
        f"const auto {layer.name} = mapless::difference({x.variable}, {y.variable}, {times[0]}, {times[1]});"
    )
    return _Values(layer.name, x.size, fraction, x.bound * times[0] + y.bound * times[1])


_WRITERS: dict[str, Callable[[Any, list[_Values], list[str], list[str]], _Values]] = {
    "QActivation": _cast,
    "QDense": _dense,
    "QConv2D": _convolution,
    "Flatten": _same,
    "Multiply": _product,
    "Dot": _dot,
    "Subtract": _difference,
}
