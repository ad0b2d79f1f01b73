"""The layers are those that were shown, and the loss is the likelihood that defines it."""

import numpy as np
import pytest

from models.image_autoencoder.network import image_losses, image_network
from models.variational_autoencoder.network import divergence_from_normal

RATES = (2.0, 5.0)


def test_the_network_is_the_one_that_was_shown():
    network = image_network(size=32, latent=5, rates=RATES, seed=1)
    assert [one.shape for one in network.outputs] == [(None, 32, 32), (None, 5), (None, 5)]
    dense = [layer.units for layer in network.layers if hasattr(layer, "units")]
    assert dense == [27, 13, 8, 5, 5, 8, 13, 27, 2704]
    filters = [layer.filters for layer in network.layers if hasattr(layer, "filters")]
    assert filters == [8, 12, 16, 12, 8, 1]


def test_the_loss_is_minus_the_logarithm_of_the_likelihood_of_exponential_pixels():
    network = image_network(size=8, latent=2, rates=RATES, seed=1)
    images = np.random.default_rng(1).dirichlet(np.ones(64), 5).reshape(5, 8, 8).astype(np.float32)
    log_rates, mean, log_variance = network(images)
    rates = np.exp(log_rates)
    assert rates.min() >= RATES[0] and rates.max() <= RATES[1]
    likelihood = np.prod(rates * np.exp(-rates * images), axis=(1, 2))
    expected = -np.log(likelihood) + divergence_from_normal(mean, log_variance)
    assert image_losses(network)(images).numpy() == pytest.approx(expected, rel=1e-4)
