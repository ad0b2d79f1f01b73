"""Trigger networks deployed by CMS, rebuilt from their published weights and types, bit for bit.

The types are those of github.com/cms-hls4ml/AXOL1TL and github.com/cms-hls4ml/CICADA. AXOL1TL versions 1
and 2 are not here: their sums wrap round and drop bits half-way. In the others some numbers wrap round in the
detector only where they are far too large, and saturate here (`PublishedModel.wraps`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from errors import MaplessError
from firmware.integer_scaling import IntegerScaling
from firmware.networks import axol1tl, cicada
from firmware.networks.published_arrays import (
    PublishedArrays,
    Values,
    cut_off,
    in_shape,
    read_arrays,
    real_numbers,
)
from firmware.networks.quantise import FixedPoint, fixed_point_of
from firmware.trigger_model import LEVEL1_STEP, TriggerModel

_WHOLE = FixedPoint.parse("ap_fixed<10,10>")
_HALVES = FixedPoint.parse("ap_fixed<10,9>")
_SHIFT_TYPE = FixedPoint.parse("ap_fixed<5,5>")
_NORMALISATION_TYPE = FixedPoint.parse("ap_fixed<18,3>")


@dataclass(frozen=True)
class PublishedModel:
    """How to rebuild one version.

    Args:
        network: makes the untrained network.
        input_shape: shape of one event.
        offset: type that the array `ad_offsets` is cut off to; None where inputs are not scaled.
        momentum_step: GeV of one unit of the momenta; AXOL1TL takes half of each hardware momentum
            (`AXOL1TLCondition.cc` of CMSSW).
        outputs_first: layers whose header lists the weights of one filter or unit after the other, as hls4ml
            does for its resource strategy; in the others the filter or unit varies fastest.
        wraps: what wraps round in the detector where it saturates here; empty if nothing does.
        truncating: whether published weights are decimal numbers of which the firmware keeps what their type
            holds (some of v2.1 wrap round), and biases are zero; those of our layers belong to the design.
    """

    network: Callable[[], Any]
    input_shape: tuple[int, ...]
    offset: FixedPoint | None = None
    momentum_step: float = LEVEL1_STEP
    outputs_first: tuple[str, ...] = ()
    wraps: str = ""
    truncating: bool = False


def _axol1tl(network: Callable[[], Any], offset: FixedPoint, wraps: str = "") -> PublishedModel:
    return PublishedModel(network, (axol1tl.N_INPUTS,), offset, 2 * LEVEL1_STEP, wraps=wraps)


_CICADA_2 = PublishedModel(
    cicada.TruncatingDesign().network,
    cicada.REGIONS,
    outputs_first=("filters", "hidden_products", "output_products"),
    wraps="sums of the convolution and of the hidden layer from 128",
    truncating=True,
)
_CICADA_2P1P2 = PublishedModel(cicada.VERSION_2P1P2.network, cicada.REGIONS, outputs_first=("filters",))
PUBLISHED = {
    "axol1tl_v3": _axol1tl(axol1tl.VERSION_3.network, _HALVES, "scores from 16384"),
    "axol1tl_v4": _axol1tl(axol1tl.VERSION_4.network, _WHOLE, "scores from 16384"),
    "axol1tl_v5": _axol1tl(axol1tl.VERSION_5.network, _WHOLE),
    "cicada_v1": PublishedModel(cicada.NormalisedDesign().network, cicada.REGIONS, wraps="scores from 16"),
    "cicada_v1p1p2": PublishedModel(cicada.VERSION_1P1P2.network, cicada.REGIONS),
    "cicada_v2": _CICADA_2,
    "cicada_v2p1": _CICADA_2,
    "cicada_v2p1p2": _CICADA_2P1P2,
    "cicada_v2p2p0": _CICADA_2P1P2,
}


def import_published(version: str, arrays: PublishedArrays) -> TriggerModel:
    """Rebuild a deployed model from its arrays.

    Args:
        version: one of `PUBLISHED`.
        arrays: parameters by their names in the firmware: `w` and `b` (weights, biases) or `s` and `b` (scale
            and bias of a normalisation) with the number of their layer; for AXOL1TL also `ad_offsets` and
            `ad_shift`. Weights are flat, as the published header lists them, or have the shape of Keras
            (inputs x units; rows x columns x channels x filters) or of a convolution with filters first.

    Raises:
        MaplessError: unknown version; arrays missing, too many, of a wrong size or shape, or not finite real
            numbers; a value that the published type cannot hold.
    """
    if version not in PUBLISHED:
        raise MaplessError(f"there is no published model {version!r}; choose one of {', '.join(PUBLISHED)}")
    published = PUBLISHED[version]
    network = published.network()
    _fill(network, version, arrays)
    scaling = _scaling(version, published, arrays)
    return TriggerModel(version, network, scaling, published.input_shape, published.momentum_step)


def read_published(version: str, file: Path) -> TriggerModel:
    """Rebuild a deployed model from an npz file of its arrays; see `import_published`.

    Raises:
        MaplessError: as `import_published`, or the file is no npz file.
    """
    return import_published(version, read_arrays(file))


def _scaling(version: str, published: PublishedModel, arrays: PublishedArrays) -> IntegerScaling:
    n_inputs = int(np.prod(published.input_shape))
    if published.offset is None:
        return IntegerScaling.identity(n_inputs)
    offset, shift = (
        in_shape(f"{version} {key}", real_numbers(version, arrays, key), (n_inputs,))
        for key in ("ad_offsets", "ad_shift")
    )
    shift = _SHIFT_TYPE.require(f"{version} ad_shift", shift)
    return IntegerScaling(cut_off(f"{version} ad_offsets", offset, published.offset), shift.astype(np.int64))


def _fill(network: Any, version: str, arrays: PublishedArrays) -> None:
    layers = _published_layers(network)
    numbers = sorted({int(found[1]) for name in arrays if (found := re.fullmatch(r"[wsb](\d+)", name))})
    if len(numbers) != len(layers):
        raise MaplessError(
            f"{version} has {len(layers)} layers with weights, the arrays {len(numbers)}; "
            "check the file and the version"
        )
    for layer, number in zip(layers, numbers, strict=True):
        wanted, other = ("s", "w") if layer.name == "normalisation" else ("w", "s")
        if f"{other}{number}" in arrays:
            raise MaplessError(f"{version} has {wanted}{number}, not {other}{number}; check the version")
        fill = _normalisation if layer.name == "normalisation" else _weights
        layer.set_weights(fill(layer, version, arrays, str(number)))


def _published_layers(network: Any) -> list[Any]:
    """Give the layers whose weights are published: all but those that add up squares or products."""
    layers = [layer for layer in network.layers if hasattr(layer, "kernel_quantizer_internal")]
    names = [layer.name for layer in layers]
    return [layer for layer in layers if layer.name != "sum" and f"{layer.name}_products" not in names]


def _weights(layer: Any, version: str, arrays: PublishedArrays, number: str) -> list[Values]:
    key, published = f"w{number}", PUBLISHED[version]
    values, to = real_numbers(version, arrays, key), fixed_point_of(layer.kernel_quantizer_internal)
    shape, products = tuple(layer.kernel.shape), layer.name.endswith("_products")
    if products:
        shape = (shape[0], shape[1] // shape[0])
    title, first = f"{version} {key}", layer.name in published.outputs_first
    kernel = in_shape(title, values, shape, outputs_first=first)
    kernel = (
        FixedPoint(to.bits, to.integer).cast(kernel) if published.truncating else to.require(title, kernel)
    )
    if products:
        kernel = np.einsum("ij,iu->iju", np.eye(len(kernel)), kernel).reshape(layer.kernel.shape)
    return [kernel, *_biases(layer, version, arrays, number)]


def _biases(layer: Any, version: str, arrays: PublishedArrays, number: str) -> list[Values]:
    key, own = f"b{number}", layer.use_bias and not PUBLISHED[version].truncating
    if not own and key not in arrays:
        return layer.get_weights()[1:]
    biases = real_numbers(version, arrays, key)
    if own:
        to = fixed_point_of(layer.bias_quantizer_internal)
        return [to.require(f"{version} {key}", in_shape(f"{version} {key}", biases, layer.kernel.shape[-1:]))]
    if biases.any():
        raise MaplessError(f"{version} {key}: this version has no biases, the arrays do; check the version")
    return layer.get_weights()[1:]


def _normalisation(layer: Any, version: str, arrays: PublishedArrays, number: str) -> list[Values]:
    """Weights of a normalisation as a diagonal kernel; its biases also turn ties upwards.

    The firmware cuts the scales off to their type on assignment, so these need not be values of it.
    """
    scale, bias = (
        cut_off(
            f"{version} {key}",
            in_shape(f"{version} {key}", real_numbers(version, arrays, key), layer.kernel.shape[-1:]),
            _NORMALISATION_TYPE,
        )
        for key in (f"s{number}", f"b{number}")
    )
    output = cicada.NORMALISATION.output
    assert output is not None
    half_integers = 1  # the sums before carry one bit after the binary point
    return [np.diag(scale), bias + output.tie_shift(_NORMALISATION_TYPE.fraction + half_integers)]
