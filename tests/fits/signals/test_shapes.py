"""What holds for every signal shape: integrals, derivatives, and limits where one shape becomes another."""

import numpy as np
import pytest
from scipy.special import voigt_profile

from errors import MaplessError
from fits.signals import BreitWigner, DoubleCrystalBall, Gaussian, SignalShape, Template
from fits.signals.bin_probabilities import BinProbabilities
from fits.spectrum import Spectrum

EDGES = np.arange(2000.0, 4001.0, 37.0)
SHAPES = {
    "double Crystal Ball": DoubleCrystalBall(2970, 95, 1.2, 3, 1.8, 9, mass=3000),
    "narrow Gaussian": Gaussian.of_width(3000, 0.0, 0.03),
    "wide Gaussian": Gaussian.of_width(3000, 0.15, 0.03),
    "narrow Breit-Wigner": BreitWigner.of_width(3000, 0.005, 0.03),
    "wide Breit-Wigner": BreitWigner.of_width(3000, 0.15, 0.03),
    "template": Template.of(Spectrum(np.linspace(2400, 3500, 12), [1, 3, 6, 12, 30, 60, 70, 30, 9, 4, 2])),
}
every_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())


@every_shape
def test_fractions_add_up_to_the_fraction_of_the_range(shape: SignalShape):
    whole = shape.bin_fractions(np.array([EDGES[0], EDGES[-1]]))
    np.testing.assert_allclose(shape.bin_fractions(EDGES).sum(), whole, rtol=1e-8)
    assert 0.8 < whole <= 1


@every_shape
def test_fractions_are_those_of_the_density(shape):
    centres = 0.5 * (EDGES[1:] + EDGES[:-1])
    narrow = np.stack([centres - 0.01, centres + 0.01], axis=1)
    for pair, centre in zip(narrow, centres, strict=True):
        assert shape.bin_fractions(pair)[0] / 0.02 == pytest.approx(shape.pdf(centre), rel=1e-4, abs=1e-9)


@every_shape
def test_derivatives_are_those_of_the_fractions(shape):
    raw, first, second = shape.derivatives(EDGES)
    np.testing.assert_allclose(raw, shape.bin_fractions(EDGES), rtol=1e-7, atol=1e-12)
    step = 1e-4 * shape.sigma
    for index, (mean, sigma) in enumerate(step * np.eye(2)):
        up, down = (shape.varied(shape.mean + s * mean, shape.sigma + s * sigma) for s in (1, -1))
        slope = (up.bin_fractions(EDGES) - down.bin_fractions(EDGES)) / (2 * step)
        np.testing.assert_allclose(first[:, index], slope, atol=2e-6 / shape.sigma)
        bend = (up.derivatives(EDGES)[1] - down.derivatives(EDGES)[1]) / (2 * step)
        # Template and tails have kinks in the second derivative: no closer agreement there.
        np.testing.assert_allclose(second[:, index], bend, atol=5e-3 / shape.sigma**2)


@pytest.mark.parametrize("shape", [SHAPES["wide Breit-Wigner"], SHAPES["wide Gaussian"]])
def test_second_derivatives_of_smooth_shapes_are_exact(shape):
    step = 1e-3 * shape.sigma
    for index, (mean, sigma) in enumerate(step * np.eye(2)):
        up, down = (shape.varied(shape.mean + s * mean, shape.sigma + s * sigma) for s in (1, -1))
        bend = (up.derivatives(EDGES)[1] - down.derivatives(EDGES)[1]) / (2 * step)
        np.testing.assert_allclose(shape.derivatives(EDGES)[2][:, index], bend, atol=1e-6 / shape.sigma**2)


def test_smeared_breit_wigner_is_the_voigt_profile():
    mass, shape = np.linspace(2000, 4000, 50), BreitWigner(3000, 90, 150)
    np.testing.assert_allclose(shape.pdf(mass), voigt_profile(mass - 3000, 90, 75), rtol=1e-12)


def test_breit_wigner_without_width_is_a_gaussian():
    narrow = BreitWigner(3000, 90, 1e-4).bin_fractions(EDGES)
    np.testing.assert_allclose(narrow, Gaussian(3000, 90).bin_fractions(EDGES), atol=1e-7)


def test_natural_width_and_resolution_of_a_gaussian_add_in_quadrature():
    np.testing.assert_allclose(
        Gaussian(3000, 30, natural_width=40).bin_fractions(EDGES), Gaussian(3000, 50).bin_fractions(EDGES)
    )


def test_resolution_does_not_change_the_natural_width():
    wider = SHAPES["wide Gaussian"].varied(3000, 180)
    assert (wider.sigma, wider.natural_width) == (180, 450)
    assert SHAPES["wide Breit-Wigner"].varied(3000, 180).natural_width == 450


def test_template_gives_its_histogram_back_and_moves_with_the_mass():
    histogram = Spectrum(np.linspace(2400, 3500, 12), [1, 3, 6, 12, 30, 60, 70, 30, 9, 4, 2])
    template = Template.of(histogram, mass=3000)
    shares = histogram.counts / histogram.total
    np.testing.assert_allclose(template.bin_fractions(histogram.edges), shares, atol=1e-12)
    np.testing.assert_allclose(template.scaled_to(6000).bin_fractions(2 * histogram.edges), shares)
    assert template.bin_fractions(np.array([0.0, 2400.0])) == 0


def test_template_follows_the_simulated_masses():
    masses = np.random.default_rng(2).normal(3000, 90, 200_000)
    template = Template.from_values(masses, np.arange(2500, 3501, 10.0))
    assert (template.mean, template.sigma) == pytest.approx((3000, 90), rel=0.01)
    np.testing.assert_allclose(
        template.bin_fractions(EDGES), Gaussian(3000, 90).bin_fractions(EDGES), atol=2e-3
    )


@pytest.mark.parametrize("shape", [s for s in SHAPES.values() if getattr(s, "mass", None)])
def test_scaling_keeps_relative_widths(shape):
    scaled = shape.scaled_to(6000)
    np.testing.assert_allclose(scaled.bin_fractions(2 * EDGES), shape.bin_fractions(EDGES), rtol=1e-9)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Gaussian(3000, 0),
        lambda: Gaussian(3000, 30, natural_width=-1),
        lambda: BreitWigner(3000, 30, 0),
        lambda: Template.of(Spectrum([1, 2, 3], [0, 0])),
        lambda: Template.from_values([np.nan], [1, 2, 3]),
        lambda: Gaussian(3000, 30).scaled_to(4000),
        lambda: BreitWigner(3000, 30, 30).scaled_to(4000),
    ],
)
def test_impossible_shapes_are_refused(make):
    with pytest.raises(MaplessError):
        make()


def test_nothing_is_expected_where_a_peak_is_not_known():
    """Power-law tails end half a mass away; a template ends by itself."""
    edges = np.arange(1000.0, 10001.0, 100.0)
    for shape in (DoubleCrystalBall(3000, 120, 0.8, 2, 1.6, 1.8), BreitWigner(3000, 100, 100)):
        probabilities = BinProbabilities(shape, edges)
        value, first, _ = probabilities.with_derivatives(np.array([0.01, 0.02]))
        for known in (probabilities.nominal, value, first[:, 0]):
            assert np.all(known[(edges[:-1] > 4500) | (edges[1:] < 1500)] == 0)
            assert np.any(known[(edges[:-1] > 4000) & (edges[1:] < 4500)] != 0)
        assert probabilities.nominal.sum() == pytest.approx(1)
    broad = Template.of(Spectrum([1000, 4000, 10000], [90, 10]))
    assert BinProbabilities(broad, edges).nominal[-1] > 0
