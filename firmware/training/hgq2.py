"""Training of the AXOL1TL encoder that learns its bit widths: HGQ2, an extra (arXiv:2405.00645).

Each weight finds its own width, and each activation one width for its layer. The cost of the logic is part of
the loss, as effective bit operations (EBOPs): products of the widths that meet in a multiplication.
"""

from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from errors import MaplessError
from firmware.integer_scaling import IntegerScaling
from firmware.networks.axol1tl import EncoderDesign
from firmware.networks.building_blocks import LayerTypes, cast, dense, sum_of_squares
from firmware.networks.quantise import FixedPoint
from firmware.training.schedule import (
    DEFAULT_SCHEDULE,
    EpochProgress,
    TrainingSchedule,
    learned_scaling,
    train,
)
from firmware.training.variational import DEFAULT_LOSS, VariationalLoss, variational_autoencoder
from firmware.trigger_model import TriggerModel

MAX_INTEGER, MAX_FRACTION = 6, 7
"""Most bits before and after the binary point: sums below 1024 stay exact in single precision."""

_ONE_TYPE = {"heterogeneous_axis": (), "round_mode": "RND_CONV", "overflow_mode": "SAT"}
"""One width for a whole layer, rounded as in the project's other networks."""


def require_extra() -> None:
    """Raise MaplessError when the extra is not installed."""
    if find_spec("hgq") is None:
        raise MaplessError(
            "learning bit widths needs the extra hgq2; run MAPLESS_EXTRAS=hgq2 source setup.sh"
        )


def train_hgq2_encoder(
    hardware: ArrayLike,
    design: EncoderDesign,
    *,
    beta0: float = 1e-6,
    name: str = "axol1tl_hgq2",
    schedule: TrainingSchedule = DEFAULT_SCHEDULE,
    loss: VariationalLoss = DEFAULT_LOSS,
    scaling: IntegerScaling | None = None,
    progress: EpochProgress | None = None,
) -> TriggerModel:
    """Train a variational autoencoder whose encoder learns how many bits its weights and activations need.

    The result is an ordinary trigger model with the types found, so that every route to firmware takes it:
    `trace_trigger(model).cost` is its estimate of LUTs.

    Args:
        hardware: integers of shape (n_events, n_inputs).
        design: units of the encoder, and its types of inputs, latent means and score; others are learnt.
        beta0: weight of one EBOP in the loss; larger makes smaller firmware.
        name: of the model.
        schedule, loss: how it trains.
        scaling: of the inputs; None learns one from the events.
        progress: called after each epoch.

    Raises:
        MaplessError: the extra is not installed, too few events, the training diverged, or `beta0` was so
            large that a layer lost all bits.
    """
    require_extra()
    import keras

    hardware = np.asarray(hardware)
    scaling = scaling or learned_scaling(hardware, design.inputs)
    keras.utils.set_random_seed(schedule.seed)
    network = _learning_network(design, hardware.shape[1], beta0)
    autoencoder = variational_autoencoder(network, design, loss, schedule.seed)
    train(autoencoder, scaling(hardware), None, schedule, progress)
    return TriggerModel(name, _deployed(network, design), scaling, hardware.shape[1:])


def _learning_network(design: EncoderDesign, n_inputs: int, beta0: float) -> Any:
    """Encoder whose widths are trained, up to the latent means; types of its inputs and means stay."""
    import keras
    from hgq.layers import QDense  # type: ignore

    to = design.inputs
    bits = {"k0": to.signed, "i0": to.integer - to.signed, "f0": to.fraction, "trainable": False}
    weight = _quantiser("weight", -MAX_FRACTION, i0=1, f0=6)
    activation = _quantiser("datalane", 0, k0=False, i0=4, f0=4, **_ONE_TYPE)
    options = {"kq_conf": weight, "bq_conf": weight, "beta0": beta0}
    x = inputs = keras.Input((n_inputs,), name="inputs")
    incoming = _quantiser("datalane", 0, **bits, **_ONE_TYPE)
    for number, units in enumerate(design.hidden):
        x = QDense(units, iq_conf=incoming, **options, name=f"hidden_{number}")(x)
        x, incoming = keras.layers.ReLU(name=f"hidden_{number}_type")(x), activation
    x = QDense(design.latent, iq_conf=incoming, **options, name="latent")(x)
    return keras.Model(inputs, cast(x, design.latent_types.output, "latent_type"))


def _quantiser(place: str, least: int, **options: Any) -> Any:
    """Settings of one quantiser of HGQ2, for a "weight" or what flows between layers, a "datalane"."""
    from hgq.config import QuantizerConfig  # type: ignore
    from hgq.constraints import MinMax  # type: ignore

    limits = {"ic": MinMax(least, MAX_INTEGER), "fc": MinMax(least, MAX_FRACTION)}
    return QuantizerConfig("kif", place, **limits, **options)


def _deployed(network: Any, design: EncoderDesign) -> Any:
    """Make the quantised network, score included, with the types and weights that a training found."""
    import keras

    layers = [network.get_layer(f"hidden_{number}") for number in range(len(design.hidden))]
    layers.append(network.get_layer("latent"))
    outputs = [*(_learnt_type(layer) for layer in layers[1:]), design.latent_types.output]
    inputs = keras.Input(network.input_shape[1:], name="inputs")
    x = cast(inputs, design.inputs, "input_type")
    weights = [[np.asarray(values) for values in (layer.qkernel, layer.qbias)] for layer in layers]
    for layer, output, (kernel, bias) in zip(layers, outputs, weights, strict=True):
        if not np.any(kernel):
            raise MaplessError(f"all weights of layer {layer.name!r} became zero; choose a smaller beta0")
        x = dense(x, layer.units, LayerTypes(_holding(kernel), _holding(bias), output), layer.name)
    deployed = keras.Model(inputs, sum_of_squares(x, design.square, design.score))
    for layer, found in zip(layers, weights, strict=True):
        deployed.get_layer(layer.name).set_weights(found)
    return deployed


def _learnt_type(layer: Any) -> FixedPoint:
    """Type of the rectified activations that a layer reads."""
    _, integer, fraction = (int(np.asarray(bits).item()) for bits in layer.iq.quantizer.kif)
    if integer + fraction < 1:
        raise MaplessError(f"the inputs of layer {layer.name!r} lost all bits; choose a smaller beta0")
    return FixedPoint(integer + fraction, integer, False, "RND_CONV", "SAT")


def _holding(values: NDArray[Any]) -> FixedPoint:
    """Smallest signed type that holds all values of a layer."""
    fraction = next(n for n in range(1, MAX_FRACTION + 1) if not np.any(np.mod(values * 2.0**n, 1)))
    integer = next(n for n in range(MAX_INTEGER + 1) if np.all(np.abs(values) < 2.0**n))
    return FixedPoint(integer + 1 + fraction, integer + 1)
