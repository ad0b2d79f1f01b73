"""Trigger networks deployed by CMS, rebuilt from their published weights and types, bit for bit.

The types are those of github.com/cms-hls4ml/AXOL1TL and github.com/cms-hls4ml/CICADA. AXOL1TL versions 1
and 2 are not here: their sums wrap round and drop bits half-way, which no QKeras layer does. A score beyond
its type wraps round in the detector and saturates here: AXOL1TL up to v4 from 16384, CICADA v1 from 16.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from errors import MaplessError
from firmware.integer_scaling import IntegerScaling
from firmware.networks import axol1tl, cicada
from firmware.networks.quantise import FixedPoint, fixed_point_of
from firmware.trigger_model import LEVEL1_STEP, TriggerModel

PublishedArrays = Mapping[str, ArrayLike]

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
    """

    network: Callable[[], Any]
    input_shape: tuple[int, ...]
    offset: FixedPoint | None = None
    momentum_step: float = LEVEL1_STEP


def _axol1tl(network: Callable[[], Any], offset: FixedPoint) -> PublishedModel:
    return PublishedModel(network, (axol1tl.N_INPUTS,), offset, 2 * LEVEL1_STEP)


PUBLISHED = {
    "axol1tl_v3": _axol1tl(axol1tl.VERSION_3.network, _HALVES),
    "axol1tl_v4": _axol1tl(axol1tl.VERSION_4.network, _WHOLE),
    "axol1tl_v5": _axol1tl(axol1tl.VERSION_5.network, _WHOLE),
    "cicada_v1": PublishedModel(cicada.NormalisedDesign().network, cicada.REGIONS),
    "cicada_v1p1p2": PublishedModel(cicada.VERSION_1.network, cicada.REGIONS),
    "cicada_v2": PublishedModel(cicada.VERSION_2.network, cicada.REGIONS),
}


def import_published(version: str, arrays: PublishedArrays) -> TriggerModel:
    """Rebuild a deployed model from its arrays.

    Args:
        version: one of `PUBLISHED`.
        arrays: flat or shaped parameters under the names of the firmware: `w` and `b` (weights, biases) or
            `s` and `b` (scale and bias of a normalisation) with the number of their layer, increasing from
            layer to layer; for AXOL1TL also `ad_offsets` and `ad_shift`.

    Raises:
        MaplessError: unknown version; arrays missing, too many or of a wrong size; a value that the published
            type cannot hold.
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
    try:
        with np.load(file) as arrays:
            return import_published(version, dict(arrays))
    except (OSError, ValueError) as error:
        raise MaplessError(f"{file} is no npz file of weights ({error}); name another one") from error


def _scaling(version: str, published: PublishedModel, arrays: PublishedArrays) -> IntegerScaling:
    n_inputs = int(np.prod(published.input_shape))
    if published.offset is None:
        return IntegerScaling.identity(n_inputs)
    offset = _sized(f"{version} ad_offsets", arrays.get("ad_offsets"), (n_inputs,))
    shift = _sized(f"{version} ad_shift", arrays.get("ad_shift"), (n_inputs,))
    shift = _SHIFT_TYPE.require(f"{version} ad_shift", shift)
    return IntegerScaling(published.offset.cast(offset), shift.astype(np.int64))


def _fill(network: Any, version: str, arrays: PublishedArrays) -> None:
    layers = [layer for layer in network.layers if hasattr(layer, "kernel_quantizer_internal")]
    layers = [layer for layer in layers if layer.name != "sum"]
    numbers = sorted({int(found[1]) for name in arrays if (found := re.fullmatch(r"[wsb](\d+)", name))})
    if len(numbers) != len(layers):
        raise MaplessError(
            f"{version} has {len(layers)} layers with weights, the arrays {len(numbers)}; "
            "check the file and the version"
        )
    for layer, number in zip(layers, numbers, strict=True):
        _fill_layer(layer, f"{version} layer {number}", arrays, number)


def _fill_layer(layer: Any, title: str, arrays: PublishedArrays, number: int) -> None:
    if f"s{number}" in arrays:
        layer.set_weights(_normalisation(layer, title, arrays, number))
        return
    shape = tuple(layer.kernel.shape)
    kernel = _sized(f"{title} weights", arrays.get(f"w{number}"), shape)
    parameters = [fixed_point_of(layer.kernel_quantizer_internal).require(f"{title} weights", kernel)]
    bias = _sized(f"{title} biases", arrays.get(f"b{number}"), shape[-1:])
    if layer.use_bias:
        parameters.append(fixed_point_of(layer.bias_quantizer_internal).require(f"{title} biases", bias))
    elif bias.any():
        raise MaplessError(f"{title}: this version has no biases, the arrays do; check the version")
    layer.set_weights(parameters)


def _normalisation(layer: Any, title: str, arrays: PublishedArrays, number: int) -> list[NDArray[np.float64]]:
    """Weights of a normalisation as a diagonal kernel; its biases also turn ties upwards.

    The firmware cuts the scales off to their type on assignment, so these need not be values of it.
    """
    units = layer.kernel.shape[-1:]
    scale, bias = (
        _NORMALISATION_TYPE.cast(_sized(f"{title} {name}", arrays.get(f"{letter}{number}"), tuple(units)))
        for name, letter in (("scales", "s"), ("biases", "b"))
    )
    output = cicada.NORMALISATION.output
    assert output is not None
    half_integers = 1  # the sums before carry one bit after the binary point
    return [np.diag(scale), bias + output.tie_shift(_NORMALISATION_TYPE.fraction + half_integers)]


def _sized(title: str, values: ArrayLike | None, shape: tuple[int, ...]) -> NDArray[np.float64]:
    if values is None:
        raise MaplessError(f"{title} are missing; the arrays hold other layers than this version")
    array = np.asarray(values, dtype=np.float64)
    if array.size != np.prod(shape):
        raise MaplessError(
            f"{title} hold {array.size} values, this version has {' x '.join(map(str, shape))}; "
            "check the file and the version"
        )
    return array.reshape(shape)
