"""Stacked convolutions against scipy, member by member."""

import numpy as np
import pytest
from scipy.signal import correlate2d

from models.tag_n_train.convolutions import (
    ConvolutionOfEach,
    StackedConvolution,
    doubled,
    pooled,
    pooled_of_each,
)

MEMBERS = 2


@pytest.mark.parametrize("enlarged", [False, True])
@pytest.mark.parametrize(("channels", "filters"), [(1, 3), (3, 2)])
def test_every_member_convolves_with_its_own_kernel(channels, filters, enlarged):
    rng = np.random.default_rng(1)
    images = rng.normal(size=(MEMBERS, 2, 4, 6, channels)).astype(np.float32)
    layer = StackedConvolution(filters, enlarged=enlarged)
    found = np.asarray(layer(images))
    kernel = np.asarray(layer.kernel).reshape(MEMBERS, 3, 3, channels, filters)
    seen = images.repeat(2, axis=2).repeat(2, axis=3) if enlarged else images
    for member in range(MEMBERS):
        for image, result in zip(seen[member], found[member], strict=True):
            for filter_ in range(filters):
                parts = [
                    correlate2d(image[..., c], kernel[member, :, :, c, filter_], mode="same")
                    for c in range(channels)
                ]
                np.testing.assert_allclose(result[..., filter_], sum(parts), atol=1e-5)


def test_without_edges_every_member_convolves_with_its_own_kernel():
    images = np.random.default_rng(1).normal(size=(MEMBERS, 2, 5, 6, 3)).astype(np.float32)
    layer = ConvolutionOfEach(2)
    found, kernel = np.asarray(layer(images)), np.asarray(layer.kernel)
    assert found.shape == (MEMBERS, 2, 3, 4, 2)
    for member in range(MEMBERS):
        parts = [correlate2d(images[member, 1, ..., c], kernel[member, ..., c, 1], "valid") for c in range(3)]
        np.testing.assert_allclose(found[member, 1, ..., 1], np.maximum(sum(parts), 0), atol=1e-5)


def test_pooling_undoes_doubling():
    rng = np.random.default_rng(1)
    images = rng.normal(size=(MEMBERS, 3, 4, 4, 2)).astype(np.float32)
    for one in (pooled, pooled_of_each):
        np.testing.assert_array_equal(one(doubled(images)), images)
