"""Trigger models as adders and shifts only: distributed arithmetic by alkaid, without multipliers.

Importing this module teaches alkaid the QKeras layers. The program starts at the hardware integers, so the
scaling of the inputs is part of it (da4ml: arXiv:2507.04535).
"""

from typing import Any

import numpy as np
from alkaid.converter import trace_model
from alkaid.converter.builtin.keras.layers._base import ReplayOperationBase
from alkaid.converter.builtin.keras.layers.conv import ReplayConv
from alkaid.converter.builtin.keras.layers.dense import ReplayDense
from alkaid.trace import FVArray, trace
from alkaid.trace.passes import add_surrogate, dead_code_elimin, fuse_ternary_adders
from alkaid.types import CombLogic
from numpy.typing import NDArray
from qkeras import QActivation, QConv2D, QDense

from errors import MaplessError
from firmware.integer_scaling import IntegerScaling
from firmware.networks.quantise import FixedPoint, fixed_point_of, quantised_weights
from firmware.networks.supported_layers import check_network, input_type
from firmware.trigger_model import TriggerModel


class _Cast(ReplayOperationBase):
    handles = (QActivation,)
    __activation_handled__ = True

    def call(self, inputs: Any) -> Any:
        to = fixed_point_of(self.op.activation)
        return inputs.quantize(to.signed, to.integer - to.signed, to.fraction, to.overflow, to.rounding)


class _AlkaidWeights:
    op: Any

    def _load_weight(self, name: str) -> NDArray[np.float64]:
        if name == "bias" and self.op.bias is None:
            return np.array(0.0)
        return quantised_weights(self.op)[("kernel", "bias").index(name)]


class _Dense(_AlkaidWeights, ReplayDense):
    handles = (QDense,)
    __activation_handled__ = True

    def call(self, inputs: Any) -> Any:
        kernel = self._load_weight("kernel")
        used = np.count_nonzero(kernel, axis=0)
        if kernel.shape[1] == 1 or used.max(initial=0) > 1:
            return super().call(inputs)
        rows = np.abs(kernel).argmax(axis=0)  # one product per output: nothing to share, so no search for it
        return inputs[..., rows] * kernel[rows, np.arange(kernel.shape[1])] + self._load_weight("bias")


class _Convolution(_AlkaidWeights, ReplayConv):
    handles = (QConv2D,)
    __activation_handled__ = True


def trace_trigger(model: TriggerModel) -> CombLogic:
    """Trace a model from hardware integers to the score.

    The result scores by `predict` (an interpreter in C++), and its `cost` is alkaid's estimate of the LUTs of
    the Verilog: sums of three values are one adder here as there.

    Raises:
        MaplessError: a layer without firmware, or a network whose inputs do not reach the score.
    """
    check_network(model.network)
    port = port_type(model)
    shape = (1, len(model.scaling.offset))
    bits = (port.signed, port.integer - port.signed, 0)
    hardware = FVArray.from_kif(*(np.full(shape, value, dtype=np.int16) for value in bits))
    scaled = _scale(hardware, model.scaling).reshape(1, *model.network.input_shape[1:])
    try:
        _, score = trace_model(model.network, inputs=scaled)
    except StopIteration:  # alkaid met an array of constants only
        raise _constant(model) from None
    logic = add_surrogate(dead_code_elimin(fuse_ternary_adders(trace(hardware, score))), _skip_op8_cost=True)
    if all(values.min == values.max for values in logic.out_qint):
        raise _constant(model)
    return logic


def _constant(model: TriggerModel) -> MaplessError:
    return MaplessError(
        f"{model.name!r} gives every event the same score; train it anew with less sparsity or more bits"
    )


def port_type(model: TriggerModel) -> FixedPoint:
    """Give the type of the hardware integers at the ports of the design.

    Where the scaling leaves integers alone these are the integers of the network's input type; otherwise
    signed integers with the integer bits of the scaling, as in the CMS Global Trigger.
    """
    scaling, inputs = model.scaling, input_type(model.network)
    if np.any(scaling.offset) or np.any(scaling.shift):
        return FixedPoint(scaling.integer_bits, scaling.integer_bits)
    return FixedPoint(inputs.integer, inputs.integer, inputs.signed)


def _scale(hardware: Any, scaling: IntegerScaling) -> Any:
    shifted = (hardware - scaling.offset) * 2.0**-scaling.shift
    kept = np.minimum(shifted.kif[2], scaling.fraction_bits)
    return shifted.quantize(f=kept)  # cuts off the bits below, as the shift does
