import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from errors import MaplessError
from fits.signals import DoubleCrystalBall, InterpolatedSignal

shapes = st.builds(
    DoubleCrystalBall,
    mean=st.floats(2500, 3500),
    sigma=st.floats(50, 300),
    alpha_low=st.floats(0.3, 4),
    n_low=st.floats(1.2, 50),
    alpha_high=st.floats(0.3, 4),
    n_high=st.floats(1.2, 50),
)


def sample(shape, n_events, seed):
    grid = np.linspace(500, 9000, 40001)
    return np.interp(np.random.default_rng(seed).uniform(size=n_events), shape.cdf(grid), grid)


@settings(max_examples=40, deadline=None)
@given(shapes, st.floats(-8, 7), st.floats(0.1, 2))
def test_bin_fractions_are_integrals_of_the_density(shape, start, length):
    edges = shape.mean + shape.sigma * np.array([start, start + length])
    kinks = [shape.mean - shape.alpha_low * shape.sigma, shape.mean + shape.alpha_high * shape.sigma]
    inside = [kink for kink in kinks if edges[0] < kink < edges[1]] or None
    exact = quad(lambda m: float(shape.pdf(m)), *edges, points=inside, epsrel=1e-10)[0]
    assert shape.bin_fractions(edges)[0] == pytest.approx(exact, rel=1e-6, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(shapes)
def test_derivatives_are_those_of_the_bin_fractions(shape):
    edges = np.arange(2000.0, 4001.0, 37.0)
    _, first, second = shape.derivatives(edges)
    for index, step in enumerate(1e-4 * np.eye(2) * shape.sigma):
        up, down = (shape.varied(shape.mean + s * step[0], shape.sigma + s * step[1]) for s in (1, -1))
        slope = (up.bin_fractions(edges) - down.bin_fractions(edges)) / (2 * step.sum())
        np.testing.assert_allclose(first[:, index], slope, atol=1e-6 / shape.sigma)
        bend = (up.derivatives(edges)[1] - down.derivatives(edges)[1]) / (2 * step.sum())
        # The density has a kink in its second derivative where the tails start: no closer agreement there.
        np.testing.assert_allclose(second[:, index], bend, atol=2e-4 / shape.sigma**2)


def test_shape_is_normalised_over_all_masses(signal):
    assert signal.cdf(1e9) - signal.cdf(-1e9) == pytest.approx(1, abs=1e-6)


def test_fit_recovers_the_shape_that_made_the_events(signal):
    fitted = DoubleCrystalBall.fit(sample(signal, 50_000, seed=1), mass=3000)
    errors = fitted.fit_result.errors
    for name in ("mean", "sigma", "alpha_low", "alpha_high"):
        assert abs(getattr(fitted, name) - getattr(signal, name)) < 4 * errors[name], name
    np.testing.assert_allclose(fitted.cdf([2600, 2900, 3200]), signal.cdf([2600, 2900, 3200]), atol=0.01)


def test_peak_without_tails_is_fitted_too():
    values = np.random.default_rng(2).normal(2950, 110, 3000)
    fitted = DoubleCrystalBall.fit(values, mass=3000)
    assert fitted.mean == pytest.approx(2950, abs=10)
    assert fitted.sigma == pytest.approx(110, abs=8)


def test_few_events_and_wide_tails_still_converge(signal):
    for seed in range(5):
        assert DoubleCrystalBall.fit(sample(signal, 300, seed), mass=3000).fit_result.converged


def test_weights_count_as_events(signal):
    values = sample(signal, 4000, seed=3)
    doubled = DoubleCrystalBall.fit(np.concatenate([values, values[:2000]]), mass=3000)
    weighted = DoubleCrystalBall.fit(values, mass=3000, weights=np.r_[np.full(2000, 2.0), np.ones(2000)])
    assert weighted.mean == pytest.approx(doubled.mean, abs=1.0)
    assert weighted.fit_result.errors["mean"] > doubled.fit_result.errors["mean"]


def test_too_few_events_near_the_mass_are_refused(signal):
    with pytest.raises(MaplessError, match="0 simulated events within 20% of 6000 GeV"):
        DoubleCrystalBall.fit(sample(signal, 1000, seed=4), mass=6000)


def test_scaling_keeps_the_relative_width(signal):
    scaled = signal.scaled_to(5000)
    assert scaled.mass == 5000
    assert scaled.sigma / scaled.mean == pytest.approx(signal.sigma / signal.mean)
    with pytest.raises(MaplessError, match="does not know its mass"):
        DoubleCrystalBall(3000, 100, 1, 3, 1, 3).scaled_to(5000)


def test_interpolation_passes_through_the_known_shapes(signal):
    known = [signal.scaled_to(mass) for mass in (2000, 3000, 5000, 6000)]
    interpolated = InterpolatedSignal(known)
    for shape in known:
        assert interpolated(shape.mass).mean == pytest.approx(shape.mean)
        assert interpolated(shape.mass).alpha_low == pytest.approx(shape.alpha_low)
    assert interpolated(4000).sigma == pytest.approx(signal.scaled_to(4000).sigma)
    with pytest.raises(MaplessError, match="2000 to 6000 GeV"):
        interpolated(6500)


def test_closure_of_shapes_that_scale_with_the_mass_is_perfect(signal):
    closure = InterpolatedSignal([signal.scaled_to(m) for m in (2000, 3000, 4000, 5000)]).closure()
    assert [point.mass for point in closure] == [3000, 4000]
    for point in closure:
        assert point.predicted.mean == pytest.approx(point.known.mean)
        assert point.predicted.sigma == pytest.approx(point.known.sigma)
        assert point.misplaced < 1e-9


def test_closure_shows_a_shape_that_does_not_fit_in(signal):
    shapes = [signal.scaled_to(m) for m in (2000, 3000, 4000, 5000, 6000)]
    odd = shapes[2].varied(shapes[2].mean, 1.2 * shapes[2].sigma)
    _, point, _ = InterpolatedSignal([*shapes[:2], odd, *shapes[3:]]).closure()
    assert (point.mass, point.known) == (4000, odd)
    assert point.predicted.sigma == pytest.approx(point.known.sigma / 1.2)
    assert 0.05 < point.misplaced < 0.2


def test_closure_of_fitted_shapes_is_as_good_as_the_fits(signal):
    masses = (2000, 3000, 4000, 5000)
    fitted = [
        DoubleCrystalBall.fit(sample(signal.scaled_to(m), 20_000, seed=m), mass=m, window=0.3) for m in masses
    ]
    for point in InterpolatedSignal(fitted).closure():
        assert point.predicted.mean == pytest.approx(point.known.mean, rel=0.002)
        assert point.predicted.sigma == pytest.approx(point.known.sigma, rel=0.06)
        assert point.misplaced < 0.03


def test_closure_needs_four_masses(signal):
    with pytest.raises(MaplessError, match="at least 4 shapes"):
        InterpolatedSignal([signal.scaled_to(m) for m in (2000, 3000, 4000)]).closure()


def test_simulated_masses_that_are_not_numbers_are_refused(signal):
    values = np.append(sample(signal, 1000, seed=6), np.nan)
    with pytest.raises(MaplessError, match="NaN"):
        DoubleCrystalBall.fit(values, mass=3000)


def test_one_mass_is_not_enough_to_interpolate(signal):
    with pytest.raises(MaplessError, match="scaled_to"):
        InterpolatedSignal([signal])


def test_shape_survives_json(signal, tmp_path):
    path = tmp_path / "signal.json"
    path.write_text(json.dumps(DoubleCrystalBall.fit(sample(signal, 2000, seed=5), mass=3000).to_json()))
    stored = json.loads(path.read_text())
    assert DoubleCrystalBall.from_json(path) == DoubleCrystalBall.from_json(stored)
    assert stored["fit_result"]["status"] == "converged"
    with pytest.raises(MaplessError, match="not a stored double Crystal Ball"):
        DoubleCrystalBall.from_json({"mean": 1})


@pytest.mark.parametrize("bad", [{"sigma": 0.0}, {"n_low": 1.0}, {"alpha_high": -1.0}])
def test_impossible_shapes_are_refused(bad):
    numbers = {"mean": 3000, "sigma": 100, "alpha_low": 1, "n_low": 3, "alpha_high": 1, "n_high": 3}
    with pytest.raises(MaplessError, match="double Crystal Ball"):
        DoubleCrystalBall(**(numbers | bad))
