"""Networks from disk: numbers and known layers only, looked at before Keras makes anything of them."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from errors import MaplessError

if TYPE_CHECKING:
    import keras

_PACKAGES = ("keras", "qkeras", "builtins")
_CODE = ("Lambda", "__lambda__", "function", "TorchModuleWrapper", "TFSMLayer")


def load_network(file: Path) -> "keras.Model":
    """Read a `.keras` file of a trigger network; no code of the file runs.

    Raises:
        MaplessError: no such file, not a network, a part that is code or of another package, or a weight that
            is not finite.
    """
    import keras
    from qkeras.utils import _add_supported_quantized_objects

    if not file.is_file():
        raise MaplessError(f"{file} is missing; train or import the model anew")
    try:
        with zipfile.ZipFile(file) as archive:
            configuration = json.loads(archive.read("config.json"))
        _refuse_code(file, configuration)
        objects: dict[str, object] = {}
        _add_supported_quantized_objects(objects)
        network = keras.models.load_model(file, custom_objects=objects, compile=False, safe_mode=True)
    except MaplessError:
        raise
    except Exception as error:  # Keras raises many kinds for a file that is none
        reason = " ".join(str(error).split())[:200]
        raise MaplessError(f"{file} holds no network ({reason}); train or import the model anew") from None
    require_finite(str(file), network)
    return network


def require_finite(what: str, network: Any) -> None:
    """Make sure that all weights are numbers.

    Raises:
        MaplessError: names the layer of one that is not.
    """
    for layer in network.layers:
        if not all(np.isfinite(weights).all() for weights in layer.get_weights()):
            raise MaplessError(
                f"{what}: weights of layer {layer.name!r} are not finite; train or import it anew"
            )


def _refuse_code(file: Path, configuration: Any) -> None:
    for part in _parts(configuration):
        module, kind = str(part.get("module") or "keras"), str(part["class_name"])
        if module.partition(".")[0] not in _PACKAGES or kind in _CODE:
            raise MaplessError(
                f"{file} holds {module}.{kind}, which is no layer of a trigger; do not trust the file"
            )


def _parts(content: Any) -> Iterator[dict[str, Any]]:
    """Everything that Keras would make, at any depth."""
    if isinstance(content, dict):
        if "class_name" in content:
            yield content
        for value in content.values():
            yield from _parts(value)
    if isinstance(content, list):
        for value in content:
            yield from _parts(value)
