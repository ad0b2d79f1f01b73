"""The divergence that the score is made of."""

import numpy as np
import pytest

from models.variational_recurrent_network.network import divergence_of_normals


def test_the_divergence_is_that_of_normal_distributions_summed_over_latent_numbers():
    one = np.array([[1.0, 0.0]]), np.array([[2.0, 0.5]])
    other = np.array([[0.0, 0.0]]), np.array([[1.0, 0.5]])
    expected = 0.5 * (4 + 1 - 1 - np.log(4))  # the second is as expected
    assert float(divergence_of_normals(*one, *other)[0]) == pytest.approx(expected, rel=1e-6)
    assert float(divergence_of_normals(*other, *other)[0]) == pytest.approx(0)
