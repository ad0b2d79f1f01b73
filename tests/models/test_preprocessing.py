import numpy as np
import pytest

from models.preprocessing import GaussianMap, match_spectrum


def test_any_continuous_feature_becomes_standard_normal():
    random = np.random.default_rng(1)
    features = np.stack([random.lognormal(4, 1, 20000), random.beta(0.5, 5, 20000)], axis=1)
    mapped = GaussianMap.learn(features)(features)
    levels = np.quantile(mapped, [0.023, 0.159, 0.5, 0.841, 0.977], axis=0)
    assert levels == pytest.approx(np.array([[-2, -1, 0, 1, 2]] * 2).T, abs=0.02)


def test_the_map_keeps_the_order_and_is_bounded_beyond_the_sample():
    gaussian_map = GaussianMap.learn(np.random.default_rng(2).exponential(size=(1000, 1)))
    mapped = gaussian_map(np.linspace(-1, 50, 1000)[:, None])[:, 0]
    assert np.all(np.diff(mapped) >= 0)
    assert abs(mapped).max() < 4.1


def test_frequent_and_constant_values_have_finite_images():
    mostly_zero = np.where(np.arange(1000) < 20, 1.0, 0.0)
    features = np.stack([mostly_zero, np.full(1000, 3.0)], axis=1)
    mapped = GaussianMap.learn(features)(features)
    assert mapped[-1, 0] == pytest.approx(0, abs=0.1)
    assert mapped[0, 0] > 2
    assert np.all(mapped[:, 1] == 0)


def test_matched_spectra_agree_in_every_bin_and_keep_their_total_weight():
    random = np.random.default_rng(2)
    sample, reference = random.exponential(300, 50000) + 600, random.exponential(400, 20000) + 600
    weights = match_spectrum(sample, np.full(50000, 2.0), reference, np.ones(20000))
    edges = np.linspace(*np.percentile(np.concatenate([sample, reference]), [1, 99]), 21)[1:-1]
    found = np.bincount(np.digitize(sample, edges), weights)
    wanted = np.bincount(np.digitize(reference, edges))
    assert weights.sum() == pytest.approx(100000)
    assert found / found.sum() == pytest.approx(wanted / wanted.sum(), rel=1e-9)


def test_a_single_value_is_matched_without_harm():
    assert match_spectrum(np.ones(3), np.ones(3), np.ones(2), np.ones(2)).tolist() == [1, 1, 1]
