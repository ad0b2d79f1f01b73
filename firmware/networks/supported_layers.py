"""Which layers of a trigger network have a meaning in firmware, and the types that they carry."""

from typing import Any

from errors import MaplessError
from firmware.networks.quantise import FixedPoint, fixed_point_of, quantised_weights
from firmware.networks.reserved_names import CPP, require_name

SUPPORTED_LAYERS = (
    "InputLayer",
    "QActivation",
    "QDense",
    "QConv2D",
    "Flatten",
    "Subtract",
    "Multiply",
    "Dot",
)


def input_type(network: Any) -> FixedPoint:
    """Give the type that scaled inputs are cast to: the first layer of the network.

    Raises:
        MaplessError: another layer than a QActivation reads the input.
    """
    import keras

    source = network.inputs[0]
    layers = [layer for layer in network.layers if type(layer).__name__ != "InputLayer"]
    readers = [layer for layer in layers if any(read is source for read in keras.tree.flatten(layer.input))]
    for layer in readers:
        if type(layer).__name__ != "QActivation":
            raise MaplessError(
                f"layer {layer.name!r} takes the input without a type; put QActivation(quantized_bits) first"
            )
    return fixed_point_of(readers[0].activation)


def check_network(network: Any) -> None:
    """Make sure that every layer has a meaning in firmware.

    Raises:
        MaplessError: an unsupported layer or quantiser, an activation inside of a dense layer, a layer used
            twice or with a name that C++ and Verilog refuse, no type for the inputs or for the score.
    """
    for layer in network.layers:
        _check_layer(layer)
    input_type(network)
    last = network.outputs[0]._keras_history.operation
    if type(last).__name__ != "QActivation":
        raise MaplessError(f"layer {last.name!r} gives the score without a type; end with a QActivation")


def _check_layer(layer: Any) -> None:
    kind = type(layer).__name__
    if kind not in SUPPORTED_LAYERS:
        raise MaplessError(
            f"layer {layer.name!r} ({kind}) has no firmware; supported are {', '.join(SUPPORTED_LAYERS[1:])}"
        )
    require_name("layer", layer.name, CPP | {"input": "hls4ml"})
    if len(layer._inbound_nodes) > 1:
        raise MaplessError(f"layer {layer.name!r} is used more than once; give each place a layer of its own")
    if kind == "QActivation":
        fixed_point_of(layer.activation)
    if kind not in {"QDense", "QConv2D"}:
        return
    if getattr(layer.activation, "__name__", "linear") != "linear":
        raise MaplessError(f"layer {layer.name!r} has an activation inside; put it in a QActivation after it")
    quantised_weights(layer)
