import numpy as np
import pytest

from errors import MaplessError
from models.scikit.scalers import ExtStandardScaler, LogitScaler, QuantileScaler

X = np.random.default_rng(1).gamma(2.0, [1.0, 100.0], (5000, 2))
SCALERS = [ExtStandardScaler(), LogitScaler(), QuantileScaler()]


@pytest.fixture(params=SCALERS, ids=lambda scaler: type(scaler).__name__)
def scaler(request):
    return request.param.fit(X)


def test_there_and_back_is_where_one_was(scaler):
    np.testing.assert_allclose(scaler.inverse_transform(scaler.transform(X)), X, rtol=1e-9)


def test_jacobians_are_the_slopes_of_the_map_both_ways(scaler):
    inside = X[
        (np.quantile(X, 0.01, axis=0) < X).all(axis=1) & (np.quantile(X, 0.99, axis=0) > X).all(axis=1)
    ]
    slopes = np.ones(len(inside))
    step = 1e-7 * np.ptp(X, axis=0)
    for feature in range(2):
        shift = np.zeros(2)
        shift[feature] = step[feature]
        change = scaler.transform(inside + shift) - scaler.transform(inside - shift)
        slopes *= change[:, feature] / (2 * step[feature])
    found = scaler.jacobian_determinant(inside)
    assert found.shape == (len(inside), 1)
    agree = np.isclose(found[:, 0], slopes, rtol=1e-4)
    assert agree.mean() > 0.999  # not where a step crosses a corner
    back = scaler.inverse_jacobian_determinant(scaler.transform(inside))
    np.testing.assert_allclose(back * found, 1, rtol=1e-6)


def test_quantiles_make_features_normal_whatever_they_were():
    mapped = QuantileScaler().fit_transform(np.random.default_rng(2).poisson(5, (4000, 1)) ** 3.0)
    assert abs(mapped.mean()) < 0.05
    assert mapped.std() == pytest.approx(1, abs=0.1)


def test_what_lies_outside_of_the_range_is_counted_or_clipped_by_choice():
    scaler = LogitScaler().fit(X)
    outside = np.array([[1e3, 1.0], [1.0, 50.0]])
    with pytest.raises(MaplessError, match="1 of 2 events lie outside"):
        scaler.transform(outside)
    clipped = LogitScaler(clip=True).fit(X).transform(outside)
    assert np.isfinite(clipped).all()
    assert clipped[0, 0] == pytest.approx(scaler.transform(X)[:, 0].max())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([[1.0], [np.nan]], "not finite"),
        ([[1.0], [1.0]], "one value only"),
        ([1.0, 2.0], "shape"),
    ],
)
def test_what_cannot_be_scaled_is_one_line(values, words):
    with pytest.raises(MaplessError, match=words):
        ExtStandardScaler().fit(values)


def test_a_feature_with_one_value_nearly_always_is_refused():
    with pytest.raises(MaplessError, match="share one value of feature 0"):
        QuantileScaler().fit(np.r_[np.zeros(9999), 1.0][:, None])
