"""What `fit` prints of stored results."""

import re

import numpy as np
import pytest
from rich.console import Console

from analysis.commands.fit.tables import print_results
from fits.backgrounds import Dijet, expected_counts
from fits.checks.fit_quality import FitQuality
from fits.resonance_search import ResonanceCategory, ResonanceSettings, Smooth, search_for_resonance
from fits.signals import GaussianSignal
from fits.spectrum import Spectrum, dijet_edges
from tests.analysis.with_quality import with_quality

CHECKS = {
    "discrete-profiling": {
        "mass": 3000.0,
        "quality": "good",
        "fit": {"best": "dijet", "value": 50.0, "significance": 4.32},
        "limit": {"observed": 70.0},
    },
    "zfit": {
        "mass": 3000.0,
        "quality": "good",
        "significances": {"ours": 4.32, "zfit": 4.31},
        "likelihood_difference": 0.0,
        "parameters": {},
    },
}


@pytest.fixture(scope="module")
def stored():
    """Two categories with toys and a limit at one mass, and checks that print a significance."""
    falling = expected_counts(Dijet(2), [0.0, 9.0, 5.0], dijet_edges(1856, 5000))
    signal = GaussianSignal(0.035)
    expected = 3000 * falling / falling.sum() + 40 * signal(3000).bin_fractions(dijet_edges(1856, 5000))
    spectrum = Spectrum(dijet_edges(1856, 5000), np.round(expected))
    categories = [ResonanceCategory(name, spectrum, 0.5) for name in ("loose", "tight")]
    settings = ResonanceSettings((3000.0,), Smooth(parameters=(2,)), toys=4)
    return search_for_resonance(categories, signal, settings).to_json() | {"checks": CHECKS}


@pytest.mark.parametrize("quality", [one for one in FitQuality if one is not FitQuality.GOOD])
def test_no_significance_is_printed_without_the_flag_of_its_fits(stored, quality, capsys):
    print_results(with_quality(stored, quality.value), Console(width=300))
    text = " ".join(capsys.readouterr().out.split())
    significances = re.findall(r" σ, p = | 4\.3[12] σ", text)
    assert len(significances) == 7  # of all, of both categories, global, by profiling, and in zfit and here
    assert text.count(f", {quality.value}") == 6


def test_good_fits_need_no_word(stored, capsys):
    print_results(with_quality(stored, "good"), Console(width=300))
    text = " ".join(capsys.readouterr().out.split())
    assert not [quality for quality in FitQuality if f", {quality.value}" in text]
