"""An aligned jet has lost its direction, energy and mass, and nothing else."""

import numpy as np
import pytest

from models.variational_recurrent_network.alignment import ENERGY, MASS, aligned_sequences, lengths

LENGTH = 20


def jets(n=50, particles=30, seed=1):
    """Jets of 500 GeV at all directions: a hard core of three prongs and soft particles, hardest first."""
    random = np.random.default_rng(seed)
    shares = -np.sort(-random.dirichlet(np.full(particles, 0.4), n))
    prongs = random.normal(0, 0.2, (n, 3, 2))
    places = prongs[np.arange(n)[:, None], random.integers(0, 3, (n, particles))]
    places = places + random.normal(0, 0.05, places.shape)
    places[..., 0] += random.uniform(-2, 2, (n, 1))
    places[..., 1] += random.uniform(-3, 3, (n, 1))
    return np.concatenate([500 * shares[..., None], places], axis=-1)


def momenta(sequences):
    pt, eta, phi = np.moveaxis(sequences.astype(float), -1, 0)
    return np.stack([pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)], axis=-1)


def polar(momenta):
    _, x, y, z = np.moveaxis(momenta, -1, 0)
    pt = np.hypot(x, y)
    return np.stack([pt, np.arcsinh(z / pt), np.arctan2(y, x)], axis=-1)


@pytest.fixture(scope="module")
def aligned():
    return aligned_sequences(jets(), LENGTH)


def test_every_jet_has_the_same_direction_mass_and_energy(aligned):
    energy, x, y, z = momenta(aligned).sum(axis=1).T
    np.testing.assert_allclose(energy, ENERGY, rtol=1e-5)
    np.testing.assert_allclose([y, z], 0, atol=1e-5)
    np.testing.assert_allclose(np.sqrt(energy**2 - x**2), MASS, rtol=1e-4)
    assert (np.hypot(aligned[..., 1], aligned[..., 2]) < 1).all()


def test_scale_and_direction_in_the_detector_do_not_matter(aligned):
    other = jets() * [7.0, 1, 1] + [0, 0.8, 2.0]
    np.testing.assert_allclose(aligned_sequences(other, LENGTH), aligned, atol=1e-5)


def test_turned_about_its_axis_reflected_or_boosted_along_it_a_jet_is_the_same(aligned):
    energy, x, y, z = np.moveaxis(momenta(aligned), -1, 0)
    turned = np.stack([energy, x, 0.6 * y + 0.8 * z, 0.8 * y - 0.6 * z], axis=-1)  # and reflected
    cosh, sinh = np.cosh(0.7), np.sinh(0.7)
    boosted = np.stack([cosh * energy + sinh * x, cosh * x + sinh * energy, y, z], axis=-1)
    for changed in (turned, boosted):
        np.testing.assert_allclose(aligned_sequences(polar(changed), LENGTH), aligned, atol=1e-4)


def test_each_constituent_has_the_largest_transverse_distance_from_the_one_before_it(aligned):
    assert (aligned[:, 0, 0] == aligned[..., 0].max(axis=1)).all()
    for jet in aligned:
        for place in range(len(jet) - 1):
            distances = jet[place + 1 :, 0] * np.hypot(*(jet[place + 1 :, 1:] - jet[place, 1:]).T)
            assert distances[0] == pytest.approx(distances.max(), rel=1e-5)
    assert (aligned[:, 1, 1] >= 0).all()


def test_what_is_far_from_the_axis_is_dropped_and_the_rest_aligned_again(aligned):
    far = jets()[:, :1] * [0, 1, 1] + [1e-3, 1.5, 1.5]
    with_more = np.concatenate([jets(), far], axis=1)
    np.testing.assert_allclose(
        aligned_sequences(with_more, 31)[:, :30], aligned_sequences(jets(), 30), atol=1e-3
    )
    assert (aligned_sequences(with_more, 31)[:, 30] == 0).all()


def test_jets_without_a_shape_have_no_constituents():
    few = jets(3)
    few[0, 2:] = 0
    few[1] = 0
    few[2, :, 1:] = [0.3, 1.0]  # all in one direction
    sequences = aligned_sequences(few, LENGTH)
    assert (sequences == 0).all()
    assert lengths(sequences).tolist() == [0, 0, 0]


def test_fewer_constituents_than_steps_are_followed_by_zeros():
    sequences = aligned_sequences(jets(particles=6), LENGTH)
    assert (lengths(sequences) <= 6).all()
    assert (lengths(sequences) >= 3).any()
    assert (sequences[:, 6:] == 0).all()
