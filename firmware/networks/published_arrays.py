"""Arrays of a published network: read, checked one by one, and brought into the order of Keras."""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from errors import MaplessError
from firmware.networks.quantise import FixedPoint

PublishedArrays = Mapping[str, ArrayLike]
Values = NDArray[np.float64]
_CONVOLUTION = 4  # dimensions of its weights: rows, columns, channels, filters


def read_arrays(file: Path) -> PublishedArrays:
    """Read all arrays of an npz file.

    Raises:
        MaplessError: there is no such file, or it is damaged or of another kind.
    """
    try:
        opened = np.load(file)
        if isinstance(opened, np.ndarray):
            raise MaplessError(f"{file} is no npz file of weights but one array; save all with numpy.savez")
        with opened:
            return dict(opened)
    except (
        OSError,
        ValueError,
        EOFError,
        MemoryError,
        RuntimeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        reason = " ".join(str(error).split())
        raise MaplessError(f"{file} is no npz file of weights ({reason}); name another one") from None


def real_numbers(version: str, arrays: PublishedArrays, key: str) -> Values:
    """Give one array as finite real numbers.

    Raises:
        MaplessError: names the key that is missing or holds something else.
    """
    if key not in arrays or arrays[key] is None:
        raise MaplessError(f"{version} {key} is missing; the arrays hold other layers than this version")
    array = np.asarray(arrays[key])
    if array.dtype.kind not in "iuf":
        raise MaplessError(f"{version} {key} holds {array.dtype}, not real numbers; check the file")
    if not np.isfinite(array).all():
        raise MaplessError(f"{version} {key} holds a value that is not finite; check the file")
    return array.astype(np.float64)


def in_shape(title: str, values: Values, shape: tuple[int, ...], *, outputs_first: bool = False) -> Values:
    """Bring an array into the shape of Keras: outputs, such as units or filters, are its last dimension.

    Args:
        title: names the array in errors.
        values: flat; or in this shape; or, for a convolution, in that with filters first.
        shape: of Keras.
        outputs_first: whether flat values are those of one output after the other.

    Raises:
        MaplessError: another number of values, or another shape such as a transposed one.
    """
    wanted = " x ".join(map(str, shape))
    if values.size != np.prod(shape):
        raise MaplessError(
            f"{title} holds {values.size} values, this version has {wanted}; check the file and the version"
        )
    transposed = (shape[-1], *shape[:-1])
    if values.ndim == 1:
        return np.moveaxis(values.reshape(transposed), 0, -1) if outputs_first else values.reshape(shape)
    if values.shape == shape:
        return values
    if len(shape) == _CONVOLUTION and values.shape == transposed:
        return np.moveaxis(values, 0, -1)
    raise MaplessError(
        f"{title} has the shape {' x '.join(map(str, values.shape))}, this version {wanted}; "
        "turn it, or give it flat as the header of the firmware lists it"
    )


def cut_off(title: str, values: Values, to: FixedPoint) -> Values:
    """Cut values off to a type as its firmware does on assignment, where none wraps round.

    Raises:
        MaplessError: one lies beyond the type.
    """
    outside = (values < to.minimum) | (values >= to.maximum + 2.0**-to.fraction)
    if outside.any():
        raise MaplessError(f"{title}: {values[outside][0]:g} overflows {to}; check the file and the version")
    return to.cast(values)
