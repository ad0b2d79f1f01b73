"""Networks of AXOL1TL, the anomaly trigger on level-1 objects of CMS (CMS-DP-2023-079, arXiv:2411.19506)."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from firmware.networks.building_blocks import LayerTypes, cast, dense, squared_distance, sum_of_squares
from firmware.networks.quantise import FixedPoint

if TYPE_CHECKING:
    import keras

N_INPUTS = 57
"""MET, 4 e/gamma, 4 muons and 10 jets, each with pT, eta and phi."""

_ACTIVATION = "ap_ufixed<10,6,AP_RND_CONV,AP_SAT>"


@dataclass(frozen=True)
class EncoderDesign:
    """Encoder of a variational autoencoder with the sum of squared latent means on chip: versions 1 to 4.

    Args:
        hidden: units of the hidden layers.
        latent: number of latent means.
        inputs: type of the scaled inputs.
        hidden_types, latent_types: types of the layers.
        square: type of each squared mean.
        score: type of their sum. The published firmware lets sums from 16384 wrap round; here they stay.
    """

    hidden: tuple[int, ...]
    latent: int
    inputs: FixedPoint = FixedPoint.parse("ap_fixed<8,6,AP_RND_CONV,AP_SAT>")
    hidden_types: LayerTypes = LayerTypes.parse("ap_fixed<6,3>", "ap_fixed<10,7>", _ACTIVATION)
    latent_types: LayerTypes = LayerTypes.parse(
        "ap_fixed<6,3>", "ap_fixed<10,7>", "ap_fixed<10,7,AP_RND_CONV,AP_SAT>"
    )
    square: FixedPoint = FixedPoint.parse("ap_ufixed<18,14>")
    score: FixedPoint = FixedPoint.parse("ap_ufixed<18,14>")

    def network(self, n_inputs: int = N_INPUTS) -> "keras.Model":
        """Make the untrained network; its latent means are the output of layer `latent_type`."""
        import keras

        inputs = keras.Input((n_inputs,), name="inputs")
        x = cast(inputs, self.inputs, "input_type")
        for number, units in enumerate(self.hidden):
            x = dense(x, units, self.hidden_types, f"hidden_{number}")
        x = dense(x, self.latent, self.latent_types, "latent")
        # A square of means in steps of 1/8 never lies half-way between steps of 1/16, so that rounding it to
        # the nearest equals cutting its bits off as the published firmware does.
        return keras.Model(inputs, sum_of_squares(x, self.square, self.score))


@dataclass(frozen=True)
class EmbeddingDesign:
    """Embedding with an autoencoder of its features, squared distance on chip: versions 5 and 6.

    Args:
        embedding: units and types of each layer up to the features.
        autoencoder: units and types of each further layer; the last one has as many units as features.
        inputs: type of the scaled inputs.
        difference: type of what is squared; None keeps all bits.
        score: type of the squared distance.
    """

    embedding: tuple[tuple[int, LayerTypes], ...]
    autoencoder: tuple[tuple[int, LayerTypes], ...]
    inputs: FixedPoint = FixedPoint.parse("ap_fixed<14,6,AP_RND_CONV,AP_SAT>")
    difference: FixedPoint | None = None
    score: FixedPoint = FixedPoint.parse("ap_fixed<18,14,AP_RND_CONV,AP_SAT>")

    def network(self, n_inputs: int = N_INPUTS) -> "keras.Model":
        """Make the untrained network; `difference` subtracts the features from their reconstruction."""
        import keras

        inputs = keras.Input((n_inputs,), name="inputs")
        x = cast(inputs, self.inputs, "input_type")
        for number, (units, types) in enumerate(self.embedding):
            x = dense(x, units, types, f"embedding_{number}")
        features = x
        for number, (units, types) in enumerate(self.autoencoder):
            x = dense(x, units, types, f"autoencoder_{number}")
        return keras.Model(inputs, squared_distance(x, features, self.difference, self.score))


VERSION_1 = EncoderDesign((32, 16), 13)
VERSION_3 = EncoderDesign((32, 16), 8)
VERSION_4 = EncoderDesign((28, 15), 8)

TRAINED_VERSION_4 = replace(
    VERSION_4,
    inputs=FixedPoint.parse("ap_fixed<10,6,AP_RND_CONV,AP_SAT>"),
    hidden_types=replace(VERSION_4.hidden_types, kernel=FixedPoint.parse("ap_fixed<4,1>")),
    latent_types=replace(VERSION_4.latent_types, kernel=FixedPoint.parse("ap_fixed<4,1>")),
)
"""Version 4 for our own trainings: two more input bits hold the tails of momenta at full resolution, and
weights keep the published step without the two bits above one, at the same efficiency in half the logic."""

# The published types of version 5; layers without an output type pass on all bits.
_FIRST = LayerTypes.parse("ap_fixed<4,1>", "ap_fixed<4,1>", _ACTIVATION)
_INNER = LayerTypes.parse("ap_fixed<5,2>", "ap_fixed<4,1>", _ACTIVATION)
VERSION_5 = EmbeddingDesign(
    embedding=((29, _FIRST), (10, _FIRST)),
    autoencoder=(
        (9, _INNER),
        (6, _INNER),
        (4, LayerTypes.parse("ap_fixed<5,2>", "ap_fixed<3,0>")),
        (6, LayerTypes.parse("ap_fixed<4,1>", "ap_ufixed<3,0>", _ACTIVATION)),
        (9, LayerTypes.parse("ap_fixed<5,2>", "ap_ufixed<3,0>", _ACTIVATION)),
        (10, LayerTypes.parse("ap_fixed<5,2>", "ap_fixed<4,1>")),
    ),
)

TRAINED_VERSION_5 = replace(
    VERSION_5,
    autoencoder=(*VERSION_5.autoencoder[:-1], (10, LayerTypes.parse("ap_fixed<5,2>", "ap_fixed<8,4>"))),
    difference=FixedPoint.parse("ap_fixed<12,8,AP_RND_CONV,AP_SAT>"),
)
"""Version 5 for our own trainings: wider output biases, and differences narrow enough for exact scores."""
