import numpy as np
import pytest

from models.preprocessing import match_spectrum, robust_scale


def test_robust_scale_is_the_standard_deviation_of_a_gaussian_and_ignores_outliers():
    values = np.random.default_rng(1).normal(50, 7, (20000, 1))
    values[:20] = 1e6
    centre, width = robust_scale(values)
    assert centre[0] == pytest.approx(50, abs=0.2)
    assert width[0] == pytest.approx(7, rel=0.03)


def test_mostly_equal_and_constant_features_have_a_finite_scale():
    mostly_zero = np.where(np.arange(1000) < 20, 1.0, 0.0)
    _, width = robust_scale(np.stack([mostly_zero, np.full(1000, 3.0)], axis=1))
    assert width.tolist() == [pytest.approx(0.14), 1.0]


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
