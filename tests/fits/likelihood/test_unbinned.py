import numpy as np
import pytest
from scipy.integrate import quad

from errors import MaplessError
from fits.background_choice.discrete_profiling import discrete_profile
from fits.backgrounds.families import Dijet, density
from fits.fit import fit_background, fit_signal
from fits.likelihood.unbinned import unbinned_spectrum
from fits.limits.asymptotic import LimitStatus, upper_limit
from fits.search_model import Process, SearchCategory, SearchModel
from fits.signals import DoubleCrystalBall
from fits.spectrum import Spectrum

LOW, HIGH = 1500.0, 6000.0
# Short tails: those of a likelihood end where a shape is not known, those of a density do not.
SIGNAL = DoubleCrystalBall(2970, 95, 1.9, 60, 1.77, 60, mass=3000)
VALUES = np.array([0.0, 9.0, 5.0])


@pytest.fixture(scope="module")
def masses():
    """Events of a dijet function with a resonance, drawn by inverting the cumulative distribution."""
    rng = np.random.default_rng(7)
    grid = np.linspace(LOW, HIGH, 20001)
    cumulative = np.concatenate([[0], np.cumsum(density(Dijet(2), VALUES, 0.5 * (grid[1:] + grid[:-1])))])
    background = np.interp(rng.uniform(size=2000), cumulative / cumulative[-1], grid)
    return np.concatenate([background, rng.normal(2970, 95, size=60)])


@pytest.fixture(scope="module")
def fit(masses):
    return fit_signal(fit_background(unbinned_spectrum(masses, LOW, HIGH), Dijet(2)), SIGNAL)


def unbinned_nll(spectrum, nll):
    """Extended unbinned negative log-likelihood (GeV, no N! term) from that of a fit."""
    filled = spectrum.counts > 0
    counts, widths = spectrum.counts[filled], spectrum.widths[filled]
    return float(nll + np.sum(counts - counts * np.log(counts / widths)))


def model(parameters, mass):
    peak = SIGNAL.pdf(mass) / float(SIGNAL.cdf(HIGH) - SIGNAL.cdf(LOW))
    shape = np.array([parameters["p0"], parameters["p1"], parameters["p2"]])
    return density(Dijet(2), shape, mass) + parameters["signal_yield"] * peak


def test_value_is_the_unbinned_likelihood(masses, fit):
    parameters = fit.result.parameters
    background = quad(lambda m: float(model({**parameters, "signal_yield": 0}, m)), LOW, HIGH, epsrel=1e-12)
    expected = background[0] + parameters["signal_yield"] - np.sum(np.log(model(parameters, masses)))
    assert unbinned_nll(fit.spectrum, fit.result.nll) == pytest.approx(expected, abs=1e-6)


def test_total_is_the_number_of_events(masses, fit):
    total = fit.expected_background().sum() + fit.result.parameters["signal_yield"]
    assert total == pytest.approx(len(masses), rel=1e-6)


def test_narrow_bins_agree(masses, fit):
    edges = np.arange(LOW, HIGH + 1, 4.0)
    binned = fit_signal(fit_background(Spectrum.from_values(masses, edges), Dijet(2)), SIGNAL).result
    for name, value in fit.result.parameters.items():
        assert value == pytest.approx(binned.parameters[name], abs=0.05 * binned.errors[name])
        assert fit.result.errors[name] == pytest.approx(binned.errors[name], rel=0.02)


def test_zfit_finds_the_same_minimum(masses, fit):
    zfit = pytest.importorskip("zfit")
    from fits.zfit_interface import LogLinearPDF, double_crystal_ball_pdf

    obs = zfit.Space("mjj", limits=(LOW, HIGH))
    ours = fit.result.parameters
    shape = [zfit.Parameter(f"unbinned_p{i}", ours[f"p{i}"]) for i in (1, 2)]
    n_background = zfit.Parameter("unbinned_background", fit.expected_background().sum())
    n_signal = zfit.Parameter("unbinned_signal", ours["signal_yield"])
    pdf = zfit.pdf.SumPDF(
        [
            LogLinearPDF(Dijet(2), obs, shape, extended=n_background),
            double_crystal_ball_pdf(SIGNAL, obs, extended=n_signal),
        ]
    )
    loss = zfit.loss.ExtendedUnbinnedNLL(pdf, zfit.Data(masses, obs=obs), options={"subtr_const": False})
    every = [*shape, n_background, n_signal]
    errors = [fit.result.errors[name] for name in ("p1", "p2")] + [50.0, fit.result.errors["signal_yield"]]
    # At our minimum zfit's gradient vanishes, and its value there is ours up to its own constant, N ln N - N.
    gradient = np.array([float(g) for g in loss.gradient(every)])
    np.testing.assert_allclose(gradient * errors, 0, atol=1e-3)
    difference = float(loss.value()) - unbinned_nll(fit.spectrum, fit.result.nll)
    n_signal.set_value(0.0)
    lower = {**ours, "signal_yield": 0.0}
    point = fit.likelihood.value(fit.likelihood.internal(lower))
    assert float(loss.value()) - unbinned_nll(fit.spectrum, point) == pytest.approx(difference, abs=1e-5)


def test_limits_and_envelopes_take_unbinned_data(masses):
    category = SearchCategory("jets", unbinned_spectrum(masses, LOW, HIGH), Process(SIGNAL), Dijet(2))
    search = SearchModel([category], "signal_yield")
    assert upper_limit(search.profile_likelihood()).status == LimitStatus.GOOD
    assert discrete_profile(search, (Dijet(2),)).fit().converged


def test_equal_masses_and_masses_at_the_ends_count_once_each():
    spectrum = unbinned_spectrum([1500.0, 2000.0, 2000.0, 2000.00005, 6000.0, 7000.0], LOW, HIGH)
    assert spectrum.total == 5
    assert np.count_nonzero(spectrum.counts) == 3
    assert (spectrum.low, spectrum.high) == (LOW, HIGH)
    assert np.all(spectrum.edges[1:] / spectrum.edges[:-1] < 1.005)


@pytest.mark.parametrize(
    ("values", "low", "complaint"),
    [
        ([np.nan, 2000], 1500, "finite"),
        ([2000], 0, "above zero"),
        ([100.0], 1500, "no event"),
        ([], 1500, "no event"),
    ],
)
def test_impossible_input_is_refused(values, low, complaint):
    with pytest.raises(MaplessError, match=complaint):
        unbinned_spectrum(values, low, HIGH)
