import numpy as np
import pytest

from models.variational_autoencoder.momenta import Standardisation, momenta

RANDOM = np.random.default_rng(1)
SHAPE = (50, 8)
PT, ETA, PHI = (
    RANDOM.exponential(50, SHAPE),
    RANDOM.normal(1.5, 0.2, SHAPE),
    RANDOM.normal(3.1, 0.2, SHAPE),
)
PT[:, 6:] = 0
JETS = np.stack([PT, ETA, PHI], axis=-1)


def test_momenta_of_the_laboratory_are_those_of_the_particles():
    x, y, z = np.moveaxis(momenta(JETS, "laboratory"), -1, 0)
    assert np.hypot(x, y) == pytest.approx(PT, rel=1e-5)
    assert np.arctan2(y, x)[:, :6] == pytest.approx(np.arctan2(np.sin(PHI), np.cos(PHI))[:, :6], abs=1e-5)
    assert np.arcsinh(z[:, :6] / PT[:, :6]) == pytest.approx(ETA[:, :6], rel=1e-4)


def test_a_jet_is_the_same_wherever_it_flies_and_lies_on_its_axis():
    elsewhere = JETS + np.array([0.0, -2.0, 1.7])
    found = momenta(JETS, "jet")
    np.testing.assert_allclose(momenta(elsewhere * (JETS[..., :1] > 0), "jet"), found, atol=0.02)
    axis = found.sum(axis=1)
    assert abs(axis[:, 1:]).max() < 1e-3 * axis[:, 0].min()
    assert np.all(found[:, 6:] == 0)


def test_a_jet_without_particles_stays_zero():
    assert not momenta(np.zeros((1, 6, 3)), "jet").any()


def test_standardised_in_parts_is_standardised_at_once():
    found = momenta(JETS, "jet")
    scale = Standardisation.learn([found[:20], found[20:]])
    assert scale.mean == pytest.approx(found.mean(axis=(0, 1)), rel=1e-4, abs=1e-4)
    assert scale(found).std(axis=(0, 1)) == pytest.approx(1, rel=1e-4)
    assert np.isfinite(Standardisation.learn([np.zeros((2, 3, 3), np.float32)])(found)).all()
