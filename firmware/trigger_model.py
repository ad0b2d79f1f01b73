"""A quantised network with its integer inputs: what is trained, emulated and written as firmware."""

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from errors import MaplessError
from firmware.folders import complete_folder
from firmware.integer_scaling import IntegerScaling, integers
from firmware.networks.quantise import make_exact
from firmware.networks.reserved_names import CPP, VERILOG, require_name
from firmware.networks.saved_network import load_network, require_finite

if TYPE_CHECKING:
    import keras


AT_ONCE = 65_536  # events scored together, so that a million images of regions need little memory
FORMAT = 1  # of a saved model
DESCRIPTION, NETWORK = "trigger_model.json", "network.keras"
LEVEL1_STEP = 0.5  # GeV: one unit of the momenta of CMS's level-1 objects, and of its calorimeter regions


@dataclass(frozen=True, eq=False)
class TriggerModel:
    """A level-1 anomaly trigger: hardware integers in, quantised score out.

    `network` holds QKeras layers only as firmware knows them: an Input, a `QActivation(quantized_bits)` that
    is the type of the inputs, quantised layers, and the score of shape (n_events, 1) with a type of its own.
    It has no dropout and no batch normalisation.

    Args:
        name: used for folders, C++ namespaces and Verilog modules; letters, digits and underscores.
        network: QKeras (Keras 3) model on scaled inputs.
        scaling: makes hardware integers into the inputs of the network.
        input_shape: shape of one event in hardware integers: (57,) objects, (18, 14) regions.
        momentum_step: GeV of one unit of the momenta that the model takes, 0.5 times a power of two: those
            of AXOL1TL that CMS deployed take 1 GeV. `own_units` converts level-1 objects; `score`, the
            firmware and all that compares them speak the model's own units.

    Raises:
        MaplessError: a name that no firmware can have, a network without exactly one input and one score, a
            weight that is not finite, a scaling or input shape of another size, or an impossible step.
    """

    name: str
    network: "keras.Model"
    scaling: IntegerScaling
    input_shape: tuple[int, ...]
    momentum_step: float = LEVEL1_STEP

    def __post_init__(self) -> None:
        import keras

        require_name("trigger model", self.name, CPP | VERILOG)
        _require_one_score(self.name, self.network)
        require_finite(f"trigger model {self.name!r}", self.network)
        sizes = [
            int(np.prod(self.input_shape)),
            len(self.scaling.offset),
            int(np.prod(self.network.input_shape[1:])),
        ]
        if len(set(sizes)) > 1:
            raise MaplessError(
                f"trigger model {self.name!r}: input shape, scaling and network have {sizes} inputs; "
                "they must agree"
            )
        if self.momentum_step not in [LEVEL1_STEP * 2**bits for bits in range(8)]:
            raise MaplessError(
                f"trigger model {self.name!r}: momenta in steps of {self.momentum_step} GeV are impossible; "
                f"take {LEVEL1_STEP} GeV times a power of two"
            )
        if isinstance(self.network, keras.Sequential):  # has no layer for its input
            functional = keras.Model(self.network.inputs, self.network.outputs)
            object.__setattr__(self, "network", functional)
        make_exact(self.network)

    @property
    def momentum_shift(self) -> int:
        """Bits that level-1 momenta lose before the model takes them."""
        return int(math.log2(self.momentum_step / LEVEL1_STEP))

    def own_units(self, level1_inputs: ArrayLike) -> NDArray[np.int64]:
        """Give level-1 inputs of shape (n_events, *input_shape) as the model takes them.

        Momenta in 0.5 GeV, every third input of objects, become momenta in `momentum_step`, cut off.

        Raises:
            MaplessError: not integers, or a wrong number of objects.
        """
        checked = self.checked(level1_inputs)
        if not self.momentum_shift:
            return checked
        own = checked.copy()
        own[:, ::3] >>= self.momentum_shift
        return own

    def checked(self, hardware: ArrayLike) -> NDArray[np.int64]:
        """Return hardware integers as they are if each event has the shape that the model takes.

        Raises:
            MaplessError: not integers, or a wrong number of objects.
        """
        array = np.asarray(hardware)
        if array.shape[1:] != self.input_shape:
            raise MaplessError(
                f"trigger model {self.name!r} wants events of shape {self.input_shape}, not {array.shape[1:]}"
            )
        return integers("level-1 inputs", array)

    def scaled(self, hardware: ArrayLike) -> NDArray[np.float64]:
        """Turn hardware integers of shape (n_events, *input_shape) into inputs of the network.

        Raises:
            MaplessError: not integers, a wrong number of objects, or an overflow.
        """
        checked = self.checked(hardware)
        flat = self.scaling(checked.reshape(len(checked), -1))
        return flat.reshape(-1, *self.network.input_shape[1:])

    def score(self, hardware: ArrayLike, batch_size: int = 4096) -> NDArray[np.float64]:
        """Score hardware integers in the model's own units, (n_events, *input_shape); shape (n_events,)."""
        array = np.asarray(hardware)
        scores = [
            self.network.predict(self.scaled(some).astype(np.float32), batch_size=batch_size, verbose=0)
            for some in np.split(array, range(AT_ONCE, len(array), AT_ONCE))
        ]
        return np.concatenate(scores).astype(np.float64).reshape(-1)

    def save(self, folder: Path) -> None:
        """Write the model to a folder, complete or not at all.

        Raises:
            MaplessError: the folder holds something that Mapless did not write.
        """
        content = {
            "format": FORMAT,
            "name": self.name,
            "input_shape": self.input_shape,
            "momentum_step": self.momentum_step,
            "scaling": self.scaling.as_json(),
        }
        with complete_folder(folder) as partial:
            self.network.save(partial / NETWORK)
            content["network"] = _checksum((partial / NETWORK).read_bytes())
            content["checksum"] = _checksum(_canonical(content))
            (partial / DESCRIPTION).write_text(json.dumps(content, indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model that `save` wrote and that nobody has changed since; nothing in it is run as code.

        Raises:
            MaplessError: the folder holds no trigger model, one of another format, or one that was changed or
                damaged.
        """
        folder = Path(folder)
        if not (folder / DESCRIPTION).is_file():
            raise MaplessError(f"{folder} holds no trigger model; name a folder that a training wrote")
        content = _read_description(folder / DESCRIPTION)
        network_file = folder / NETWORK
        if network_file.is_file() and _checksum(network_file.read_bytes()) != content["network"]:
            raise MaplessError(f"{network_file} was changed or damaged; train or import the model anew")
        network = load_network(network_file)
        scaling, shape = IntegerScaling.from_json(content["scaling"]), tuple(content["input_shape"])
        return cls(content["name"], network, scaling, shape, content["momentum_step"])


def _require_one_score(name: str, network: Any) -> None:
    n_inputs, n_outputs = len(network.inputs), len(network.outputs)
    if (n_inputs, n_outputs) != (1, 1):
        raise MaplessError(
            f"trigger model {name!r}: its network has {n_inputs} inputs and {n_outputs} outputs; "
            "a trigger takes one and gives one"
        )
    n_scores = math.prod(network.output_shape[1:])
    if n_scores != 1:
        raise MaplessError(
            f"trigger model {name!r}: its network gives {n_scores} numbers per event, not one score"
        )


def _read_description(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text())
        told, described = content.pop("checksum", None), content.get("format")
    except (ValueError, AttributeError, TypeError) as error:
        raise MaplessError(
            f"{file} is no JSON of a trigger model ({error}); train or import it anew"
        ) from None
    if described != FORMAT:
        raise MaplessError(f"{file} has format {described}, not {FORMAT}; train or import the model anew")
    if told != _checksum(_canonical(content)):
        raise MaplessError(f"{file} was changed or damaged; train or import the model anew")
    return dict(content)


def _canonical(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True).encode()


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
