"""Hardware integers made ready for a network: one subtraction and one shift per input, exact everywhere."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from errors import MaplessError

Integers = NDArray[np.int64]
LARGEST = 2**31 - 1
"""Largest hardware integer, as C++ holds it in 32 bits; the smallest is as far from zero."""
_SHIFTS = (-16, 31)
_MOST_BITS = 24  # before or after the binary point


@dataclass(frozen=True, eq=False)
class IntegerScaling:
    """The scaling `(x - offset) >> shift` of each input, in a signed fixed-point number.

    The difference is held with `integer_bits` (sign included) and `fraction_bits`; the shift is arithmetic
    in this number, so that bits shifted out are cut off (towards minus infinity). A negative shift
    multiplies. The defaults are the `ap_fixed<18, 13>` of AXOL1TL in the CMS Global Trigger.

    Args:
        offset: multiples of 2^-fraction_bits, shape (n_inputs,).
        shift: integers, shape (n_inputs,).
        integer_bits, fraction_bits: the fixed-point number that carries the result.

    Raises:
        MaplessError: shapes differ, impossible bits or shifts, or an offset that the number cannot hold.

    >>> scaling = IntegerScaling(offset=np.array([18, 0.5]), shift=np.array([3, -1]))
    >>> scaling([[23, 7]])
    array([[ 0.625, 13.   ]])
    """

    offset: NDArray[np.float64]
    shift: Integers
    integer_bits: int = 13
    fraction_bits: int = 5

    def __post_init__(self) -> None:
        object.__setattr__(self, "offset", np.asarray(self.offset, dtype=np.float64))
        object.__setattr__(self, "shift", integers("shifts of the inputs", self.shift))
        for bits, least in ((self.integer_bits, 1), (self.fraction_bits, 0)):
            if not isinstance(bits, int) or not least <= bits <= _MOST_BITS:
                raise MaplessError(f"input scaling of {bits!r} bits is impossible; take up to {_MOST_BITS}")
        integers(f"offsets of the inputs times 2^{self.fraction_bits}", self._offset_steps)
        if self.offset.ndim != 1 or self.offset.shape != self.shift.shape:
            raise MaplessError(
                f"input scaling has offsets of shape {self.offset.shape} and shifts of shape "
                f"{self.shift.shape}; give one of each per input"
            )
        _require_within("shifts of the inputs", self.shift, *_SHIFTS)
        limit = 2.0 ** (self.integer_bits - 1)
        _require_within("offsets of the inputs", self.offset, -limit, limit - 2.0**-self.fraction_bits)

    @classmethod
    def identity(cls, n_inputs: int, *, integer_bits: int = 13) -> Self:
        """Scaling that leaves integers as they are, for calorimeter regions."""
        return cls(np.zeros(n_inputs), np.zeros(n_inputs, np.int64), integer_bits, fraction_bits=0)

    @classmethod
    def from_quantiles(
        cls, hardware: ArrayLike, *, low: float = 0.05, high: float = 0.95, width: float = 3.0
    ) -> Self:
        """Learn a scaling that spreads the filled part of each input over about `width` around zero.

        Args:
            hardware: training events, integers of shape (n_events, n_inputs); zeros count as empty slots.
            low, high: quantiles of the filled values that end up `width` apart, up to a factor sqrt(2).
        """
        columns = np.asarray(hardware).reshape(len(np.asarray(hardware)), -1).T
        pairs = [_offset_and_shift(column[column != 0], low, high, width) for column in columns]
        offset, shift = np.array(pairs, dtype=np.int64).T
        return cls(offset.astype(np.float64), shift)

    def integers(self, hardware: ArrayLike) -> Integers:
        """Scale hardware integers of shape (n_events, n_inputs); results in units of 2^-fraction_bits.

        Raises:
            MaplessError: inputs are no integers, of another shape, or beyond the fixed-point number.
        """
        values = self._checked(np.asarray(hardware))
        scaled = (values << self.fraction_bits) - self._offset_steps.astype(np.int64)
        left, right = np.maximum(-self.shift, 0), np.maximum(self.shift, 0)
        scaled = (scaled << left) >> right
        limit = 1 << (self.integer_bits + self.fraction_bits - 1)
        if np.any(scaled < -limit) or np.any(scaled >= limit):
            raise MaplessError(
                f"a scaled input overflows its {self.integer_bits} integer bits; "
                "check that inputs are hardware integers, or scale with larger shifts"
            )
        return scaled

    def __call__(self, hardware: ArrayLike) -> NDArray[np.float64]:
        """Scale hardware integers of shape (n_events, n_inputs)."""
        return self.integers(hardware) / float(1 << self.fraction_bits)

    def as_json(self) -> dict[str, Any]:
        """Give the scaling as numbers and lists that `from_json` reads."""
        fields = {"offset": self.offset.tolist(), "shift": self.shift.tolist()}
        return {**fields, "integer_bits": self.integer_bits, "fraction_bits": self.fraction_bits}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Read what `as_json` gave."""
        return cls(**content)

    @property
    def _offset_steps(self) -> NDArray[np.float64]:
        return self.offset * 2.0**self.fraction_bits

    def _checked(self, hardware: NDArray[Any]) -> Integers:
        if hardware.ndim != 2 or hardware.shape[1] != len(self.offset):  # noqa: PLR2004
            raise MaplessError(
                f"level-1 inputs have shape {hardware.shape}; this model wants (events, {len(self.offset)})"
            )
        return integers("level-1 inputs", hardware)


def integers(name: str, values: ArrayLike) -> Integers:
    """Return values as integers of at most 32 bits.

    Raises:
        MaplessError: one of them is none, or larger.
    """
    array = np.asarray(values)
    whole = array.dtype.kind in "iub" or (array.dtype.kind == "f" and np.all(array == np.rint(array)))
    if not whole:
        raise MaplessError(f"{name}: not all are integers; give hardware integers")
    _require_within(name, array, -LARGEST, LARGEST)
    return array.astype(np.int64)


def _require_within(name: str, values: NDArray[Any], low: float, high: float) -> None:
    outside = (values < low) | (values > high)
    if np.any(outside):
        raise MaplessError(f"{name}: {values[outside].flat[0]} is beyond {low:.10g} to {high:.10g}; check it")


def _offset_and_shift(filled: NDArray[Any], low: float, high: float, width: float) -> tuple[int, int]:
    if not len(filled):
        return 0, 0
    ends = np.quantile(filled, (low, high))
    spread = max(float(ends[1] - ends[0]), 1.0)
    return round(float(ends.mean())), round(float(np.log2(spread / width)))
