"""Small search models for tests: falling spectra, a resonance at 3 TeV, uncertainties of jets and yields."""

from collections.abc import Callable

import numpy as np

from fits.backgrounds import Dijet, expected_counts
from fits.likelihood.signal_term import Effect
from fits.limits.mass_scan import SignalUncertainties
from fits.search_model import Process, SearchCategory, SearchModel
from fits.signals import DoubleCrystalBall
from fits.spectrum import Spectrum

EDGES = np.arange(2000.0, 4801.0, 40.0)
SIGNAL = DoubleCrystalBall(2970, 95, 1.2, 3, 1.8, 9, mass=3000)
JETS = {"mass_scale": Effect(mean=0.01), "mass_resolution": Effect(width=0.035)}
YIELDS = {"luminosity": Effect(1.016), "efficiency": Effect(1.1)}


def background(n_events: float) -> np.ndarray:
    """Events (n_bins,) of a dijet function."""
    shape = expected_counts(Dijet(2), [0.0, 9.0, 6.0], EDGES)
    return n_events * shape / shape.sum()


def category(name, n_events, injected=0.0, *, seed=1, events=100.0, effects=None, shape=SIGNAL):
    """Poisson data about a background and `injected` times a signal of `events` events."""
    peak = shape.bin_fractions(EDGES)
    expected = background(n_events) + injected * events * peak / peak.sum()
    counts = expected if seed is None else np.random.default_rng(seed).poisson(expected)
    signal = Process(shape, events, JETS | YIELDS if effects is None else effects)
    return SearchCategory(name, Spectrum(EDGES, counts), signal, Dijet(2))


def three_categories(injected=0.0, seed=1) -> SearchModel:
    """Categories of falling background and signal, each with an efficiency uncertainty of its own."""
    sizes = {"a": (2e4, 60.0), "b": (5e3, 30.0), "c": (1e3, 20.0)}
    parts = []
    for place, (name, (n_events, events)) in enumerate(sizes.items()):
        own = JETS | YIELDS | {f"efficiency_{name}": Effect(1.05)}
        fresh = None if seed is None else seed + place
        parts.append(category(name, n_events, injected, seed=fresh, events=events, effects=own))
    return SearchModel(parts)


def one_spectrum(spectrum, background, signal, uncertainties=None) -> Callable[[float], SearchModel]:
    """A model as a function of mass: one spectrum with a signal that is a function of mass."""

    def model(mass: float) -> SearchModel:
        process = Process(signal(mass), effects=(uncertainties or SignalUncertainties()).effects)
        return SearchModel([SearchCategory("all", spectrum, process, background)], "signal_yield")

    return model
