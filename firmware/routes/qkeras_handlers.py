"""QKeras layers for hls4ml: importing this module teaches hls4ml 1.3 the Keras 3 version of QKeras.

Weights are handed over as the quantised numbers, so that hls4ml in bit-exact mode finds the narrowest types
by itself; the type of a QActivation is set by name in the configuration (`layer_types`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hls4ml.converters.keras_v3._base import KerasV3LayerHandler
from hls4ml.converters.keras_v3.conv import ConvHandler
from hls4ml.converters.keras_v3.core import DenseHandler
from numpy.typing import NDArray

from firmware.networks.quantise import fixed_point_of, quantised_weights


class QActivationHandler(KerasV3LayerHandler):
    """A QActivation is a cast: saturation into an unsigned type is the rectifier."""

    handles = ("qkeras.qlayers.QActivation",)

    def handle(
        self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]
    ) -> tuple[dict[str, Any], ...]:
        """Describe the layer; `trusted` keeps hls4ml from deriving another type."""
        size = int(np.prod(in_tensors[0].shape[1:]))
        cast = {"class_name": "Activation", "activation": "linear", "n_in": size, "trusted": True}
        return ({**self.default_config, **cast},)


class _Hls4mlWeights:
    """Loads the weights that a QKeras layer multiplies with instead of those that its training moves."""

    def load_weight(self, layer: Any, key: str) -> NDArray[np.float64]:
        return quantised_weights(layer)[("kernel", "bias").index(key)]

    def default_class_name(self, layer: Any) -> str:
        return type(layer).__name__.removeprefix("Q")


class QDenseHandler(_Hls4mlWeights, DenseHandler):
    """A QDense is a Dense with quantised weights."""

    handles = ("qkeras.qlayers.QDense",)


class QConv2DHandler(_Hls4mlWeights, ConvHandler):
    """A QConv2D is a Conv2D with quantised weights."""

    handles = ("qkeras.qconvolutional.QConv2D",)


def layer_types(network: Any) -> dict[str, str]:
    """Give the hls4ml type of each QActivation of a network by the name of the layer."""
    types = {
        layer.name: fixed_point_of(layer.activation)
        for layer in network.layers
        if type(layer).__name__ == "QActivation"
    }
    return {
        name: f"{'' if of.signed else 'u'}fixed<{of.bits},{of.integer},{of.rounding},{of.overflow}>"
        for name, of in types.items()
    }
