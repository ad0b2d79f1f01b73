"""Layers of images (members, batch, rows, columns, channels) that many small autoencoders share."""

from typing import Any

import keras
from keras import ops

_SHIFTS = [(row, column) for row in range(3) for column in range(3)]


class StackedConvolution(keras.Layer):
    """A convolution of 3 x 3 pixels per member, of the same size; `enlarged` first doubles the image.

    Matrix products act where there are fewer numbers: on what is gathered from nine pixels, or on each pixel,
    small still, before nine of them are added up.
    """

    def __init__(self, filters: int, *, enlarged: bool = False, seed: int = 1, **options: Any) -> None:
        super().__init__(**options)
        self.filters = filters
        self.enlarged = enlarged
        self.seed = seed

    def build(self, shape: tuple[int, ...]) -> None:
        """Create the kernels (members, 9 channels, filters) and biases of all members."""
        members, *_, channels = shape
        limit = (6 / (len(_SHIFTS) * channels)) ** 0.5  # He-uniform, as if every member were alone
        start = keras.initializers.RandomUniform(-limit, limit, seed=self.seed)
        kernels = (members, len(_SHIFTS) * channels, self.filters)
        self.kernel = self.add_weight(name="kernel", shape=kernels, initializer=start)
        self.bias = self.add_weight(name="bias", shape=(members, 1, 1, 1, self.filters), initializer="zeros")

    def call(self, images: Any) -> Any:
        """Convolve (members, batch, rows, columns, channels), empty beyond the edges."""
        channels = images.shape[-1]
        if self.filters > channels:
            images = doubled(images) if self.enlarged else images
            return _per_pixel(ops.concatenate(_shifted(images), axis=-1), self.kernel) + self.bias
        members = self.kernel.shape[0]
        kernel = ops.reshape(self.kernel, (members, len(_SHIFTS), channels, self.filters))
        kernel = ops.reshape(ops.transpose(kernel, (0, 2, 1, 3)), (members, channels, -1))
        products = _per_pixel(images, kernel)
        parts = _shifted(doubled(products) if self.enlarged else products)
        width = self.filters
        return sum(part[..., i * width : (i + 1) * width] for i, part in enumerate(parts)) + self.bias


class ConvolutionOfEach(keras.Layer):
    """A rectified convolution of 3 x 3 pixels per member, which loses the edges, one member after the other.

    Outside of XLA and with many filters this is several times as fast as matrix products.
    """

    def __init__(self, filters: int, *, seed: int = 1, **options: Any) -> None:
        super().__init__(**options)
        self.filters = filters
        self.seed = seed

    def build(self, shape: tuple[int, ...]) -> None:
        """Create the kernels (members, 3, 3, channels, filters) and biases of all members."""
        members, *_, channels = shape
        limit = (6 / (len(_SHIFTS) * channels)) ** 0.5  # He-uniform, as if every member were alone
        start = keras.initializers.RandomUniform(-limit, limit, seed=self.seed)
        kernels = (members, 3, 3, channels, self.filters)
        self.kernel = self.add_weight(name="kernel", shape=kernels, initializer=start)
        self.bias = self.add_weight(name="bias", shape=(members, 1, 1, 1, self.filters), initializer="zeros")

    def call(self, images: Any) -> Any:
        """Convolve (members, batch, rows, columns, channels), and keep what is positive."""
        members = zip(ops.unstack(images), ops.unstack(self.kernel), ops.unstack(self.bias), strict=True)
        return ops.stack([ops.relu(ops.conv(one, kernel) + bias) for one, kernel, bias in members])


def doubled(images: Any) -> Any:
    """Every pixel as four."""
    return ops.repeat(ops.repeat(images, 2, axis=2), 2, axis=3)


def pooled(images: Any) -> Any:
    """The largest of every four pixels."""
    members, _, rows, columns, channels = images.shape
    return ops.max(ops.reshape(images, (members, -1, rows // 2, 2, columns // 2, 2, channels)), axis=(3, 5))


def pooled_of_each(images: Any) -> Any:
    """As `pooled`, faster outside of XLA."""
    members, _, rows, columns, channels = images.shape
    found = ops.max_pool(ops.reshape(images, (-1, rows, columns, channels)), 2)
    return ops.reshape(found, (members, -1, rows // 2, columns // 2, channels))


def _shifted(images: Any) -> list[Any]:
    """The images as each of the nine neighbours of a pixel sees them, in the order of the kernel."""
    rows, columns = images.shape[2:4]
    padded = ops.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1), (0, 0)))
    return [padded[:, :, row : row + rows, column : column + columns] for row, column in _SHIFTS]


def _per_pixel(images: Any, kernel: Any) -> Any:
    members, _, rows, columns, channels = images.shape
    products = ops.matmul(ops.reshape(images, (members, -1, channels)), kernel)
    return ops.reshape(products, (members, -1, rows, columns, kernel.shape[-1]))
