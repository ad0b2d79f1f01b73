import numpy as np
import pytest

from models.variational_autoencoder.network import divergence_from_normal, jet_losses, particle_network


def test_the_divergence_is_the_integral_that_defines_it():
    mean, deviation, x = 0.7, 1.6, np.linspace(-20, 20, 20001)

    def log_density(centre, width):
        return -0.5 * ((x - centre) / width) ** 2 - np.log(width * np.sqrt(2 * np.pi))

    own, normal = log_density(mean, deviation), log_density(0, 1)
    expected = np.trapezoid(np.exp(own) * (own - normal), x)
    found = divergence_from_normal(np.array([[mean, 0.0]]), np.array([[2 * np.log(deviation), 0.0]]))
    assert float(found[0]) == pytest.approx(expected, rel=1e-6)


def test_the_network_is_the_published_one():
    network = particle_network(particles=100, latent=12, seed=1)
    assert [one.shape for one in network.outputs] == [(None, 100, 3), (None, 12), (None, 12)]
    dense = [layer.units for layer in network.layers if hasattr(layer, "units")]
    assert dense == [204, 48, 12, 12, 48, 204, 960]
    filters = [layer.filters for layer in network.layers if hasattr(layer, "filters")]
    assert filters == [12, 16, 20, 16, 12, 3]


def test_latent_numbers_are_drawn_in_training_only():
    network = particle_network(particles=6, latent=2, seed=1)
    jets = np.random.default_rng(1).normal(size=(5, 6, 3)).astype(np.float32)
    losses = jet_losses(network)
    np.testing.assert_array_equal(losses(jets)[0], losses(jets)[0])
    assert (network(jets, training=True)[0] != network(jets, training=True)[0]).numpy().any()
