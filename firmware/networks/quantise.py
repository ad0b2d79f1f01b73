"""Fixed-point types of firmware, and the QKeras quantisers that equal them bit for bit."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from errors import MaplessError

if TYPE_CHECKING:
    from qkeras import quantized_bits, quantized_relu

_INTEGER = re.compile(r"int<(\d+)>")
_TYPE = re.compile(r"ap_(?P<unsigned>u?)fixed<(?P<bits>\d+), *(?P<integer>-?\d+)(?P<modes>(, *\w+)*)>")
_ROUNDINGS = ("TRN", "RND", "RND_CONV")
_OVERFLOWS = ("WRAP", "SAT")


@dataclass(frozen=True)
class FixedPoint:
    """A fixed-point type as in Xilinx HLS, `ap_fixed<bits, integer, rounding, overflow>`.

    Args:
        bits: all bits, the sign included.
        integer: bits before the binary point, the sign included.
        signed: whether negative values exist.
        rounding: TRN (towards minus infinity), RND (ties upwards) or RND_CONV (ties to even).
        overflow: WRAP (drop the upper bits) or SAT (stay at the end of the range).

    Raises:
        MaplessError: there is no such rounding or overflow, or no bit.
    """

    bits: int
    integer: int
    signed: bool = True
    rounding: str = "TRN"
    overflow: str = "WRAP"

    def __post_init__(self) -> None:
        if self.bits < 1:
            raise MaplessError(f"type {self} has no bits; give it one or more")
        if self.rounding not in _ROUNDINGS or self.overflow not in _OVERFLOWS:
            raise MaplessError(
                f"type {self} is unknown; use rounding {', '.join(_ROUNDINGS)} and overflow WRAP or SAT"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a type as C++ writes it; unstated modes are TRN and WRAP.

        Raises:
            MaplessError: the text is no such type.

        >>> FixedPoint.parse("ap_ufixed<10, 6, AP_RND_CONV, AP_SAT>")
        FixedPoint(bits=10, integer=6, signed=False, rounding='RND_CONV', overflow='SAT')
        """
        found = _TYPE.fullmatch(_INTEGER.sub(r"fixed<\1,\1>", text.strip()))
        if found is None:
            raise MaplessError(f"{text!r} is no fixed-point type; write one as ap_fixed<8,6,AP_RND,AP_SAT>")
        modes = [mode.strip().removeprefix("AP_") for mode in found["modes"].split(",")[1:3]]
        return cls(int(found["bits"]), int(found["integer"]), not found["unsigned"], *modes)

    def __str__(self) -> str:
        name = "ap_fixed" if self.signed else "ap_ufixed"
        return f"{name}<{self.bits},{self.integer},AP_{self.rounding},AP_{self.overflow}>"

    @property
    def fraction(self) -> int:
        """Bits after the binary point."""
        return self.bits - self.integer

    @property
    def minimum(self) -> float:
        """Smallest value."""
        return -(2.0 ** (self.integer - 1)) if self.signed else 0.0

    @property
    def maximum(self) -> float:
        """Largest value."""
        return 2.0 ** (self.integer - self.signed) - 2.0**-self.fraction

    def cast(self, values: ArrayLike) -> NDArray[np.float64]:
        """Convert values as C++ does on assignment; any shape.

        >>> FixedPoint.parse("ap_fixed<8,6,AP_RND_CONV,AP_SAT>").cast([0.125, 0.375, -99.0]).tolist()
        [0.0, 0.5, -32.0]
        """
        units = np.asarray(values, dtype=np.float64) * 2.0**self.fraction
        if self.rounding == "TRN":
            units = np.floor(units)
        if self.rounding == "RND":
            units = np.floor(units + 0.5)
        if self.rounding == "RND_CONV":
            units = np.rint(units)
        low, high = (limit * 2.0**self.fraction for limit in (self.minimum, self.maximum))
        if self.overflow == "SAT":
            return np.clip(units, low, high) / 2.0**self.fraction
        return (np.mod(units - low, 2.0**self.bits) + low) / 2.0**self.fraction

    def require(self, name: str, values: ArrayLike) -> NDArray[np.float64]:
        """Return values unchanged if the type holds all of them exactly.

        Raises:
            MaplessError: one lies beyond the range or between two steps of the type.
        """
        values = np.asarray(values, dtype=np.float64)
        outside = (values < self.minimum) | (values > self.maximum)
        if outside.any():
            raise MaplessError(
                f"{name}: {values[outside][0]:g} overflows {self}; check the weights and the version"
            )
        between = np.mod(values * 2.0**self.fraction, 1) != 0
        if between.any():
            raise MaplessError(
                f"{name}: {values[between][0]:g} is no value of {self}; check the weights and the version"
            )
        return values

    def quantiser(self) -> "quantized_bits | quantized_relu":
        """Make the QKeras quantiser that rounds ties to even and saturates; unsigned types cut negatives."""
        from qkeras import quantized_bits, quantized_relu

        if self.signed:
            return quantized_bits(self.bits, self.integer - 1, alpha=1)
        return quantized_relu(self.bits, self.integer)

    def tie_shift(self, fraction: int) -> float:
        """What to add to values with `fraction` bits so that rounding to even becomes this type's rounding.

        Half a step of the incoming values decides ties; the rest of TRN moves the boundary by half an output.

        >>> FixedPoint.parse("ap_fixed<8,6,AP_RND,AP_SAT>").tie_shift(4)
        0.03125
        """
        if self.rounding == "RND_CONV" or fraction <= self.fraction:
            return 0.0
        half_a_step = 2.0 ** -(fraction + 1)
        if self.rounding == "RND":
            return half_a_step
        return half_a_step - 2.0 ** -(self.fraction + 1)


def fixed_point_of(quantiser: Any) -> FixedPoint:
    """Tell the type of a QKeras quantiser.

    Raises:
        MaplessError: another quantiser, or one that has no bits, scales, leaks, clips or rounds at random.
    """
    kind = type(quantiser).__name__
    if kind not in _NEEDED_OPTIONS:
        raise MaplessError(
            f"quantiser {quantiser} has no fixed-point type; use quantized_bits(alpha=1) or quantized_relu"
        )
    for option, accepted in (_NO_NOISE | _NEEDED_OPTIONS[kind]).items():
        if getattr(quantiser, option) not in accepted:
            raise MaplessError(
                f"quantiser {quantiser} sets {option}={getattr(quantiser, option)} and so has no fixed-point "
                f"type; leave it at {accepted[0]}"
            )
    signed = kind == "quantized_bits" and bool(quantiser.keep_negative)
    if quantiser.bits <= signed:  # a lone sign is a type of its own in QKeras, -1 and 1
        raise MaplessError(f"quantiser {quantiser} has no bit for a value; give it more bits")
    return FixedPoint(quantiser.bits, quantiser.integer + signed, signed, "RND_CONV", "SAT")


_NO_NOISE: dict[str, tuple[Any, ...]] = {"use_stochastic_rounding": (False,), "qnoise_factor": (1.0,)}
_NEEDED_OPTIONS: dict[str, dict[str, tuple[Any, ...]]] = {
    "quantized_bits": {"alpha": (1, None), "symmetric": (False,)},
    "quantized_relu": {"negative_slope": (0.0,), "use_sigmoid": (False,), "is_quantized_clip": (True,)},
}


def make_exact(network: Any) -> None:
    """Let a trained network give its quantised values themselves instead of input plus rounding error.

    QKeras adds the rounding error to the input so that gradients flow; in single precision the sum can miss
    the quantised value when the input is large. Weights become the values that firmware holds.
    """
    for layer in network.layers:
        activation: Any = getattr(layer, "activation", None)
        if hasattr(activation, "use_ste"):
            activation.use_ste = False
        if hasattr(layer, "kernel_quantizer_internal"):
            layer.set_weights(quantised_weights(layer))


def quantised_weights(layer: Any) -> list[NDArray[np.float64]]:
    """Give kernel and, where there is one, bias of a QKeras layer as firmware holds them."""
    quantisers = (layer.kernel_quantizer_internal, layer.bias_quantizer_internal)
    pairs = zip(layer.get_weights(), quantisers, strict=False)
    return [fixed_point_of(quantiser).cast(values) for values, quantiser in pairs]
