import json

import numpy as np
import pytest

from errors import MaplessError
from fits.background_choice.range_choice import RangePolicy, choose_range
from fits.backgrounds import Dijet, expected_counts
from fits.spectrum import Spectrum, four_gev_edges

EDGES = four_gev_edges(1460, 7000)
SHAPE = expected_counts(Dijet(2), np.array([0, 9.0, 5.0]), EDGES)
FAMILY = (Dijet(2), Dijet(3))


def toy(factor=1.0, n_events=1e5, seed=31):
    expected = n_events * SHAPE / SHAPE.sum() * factor
    return Spectrum(EDGES, np.random.default_rng(seed).poisson(expected))


def choose(spectrum, signal, **policy):
    return choose_range(spectrum, signal, family=FAMILY, policy=RangePolicy(**policy), confirmation="newton")


def test_good_spectrum_keeps_its_range(signal):
    choice = choose(toy(), signal)
    assert choice.good
    assert len(choice.trials) == 1
    assert (choice.chosen.spectrum.low, choice.chosen.spectrum.high) == (1460, 7000)


def test_turn_on_at_the_lower_end_is_cut_away(signal):
    turn_on = np.where(EDGES[1:] < 1548, 0.7, 1.0)
    choice = choose(toy(turn_on), signal)
    assert choice.good
    assert "neither" in choice.trials[0].complaint
    assert choice.chosen.spectrum.low == 1552  # the first edge above 1550 GeV
    assert json.loads(json.dumps(choice.to_json()))["chosen"]["range"] == [1552, 7000]


def test_range_that_never_gets_good_says_so(signal):
    waves = 1 + 0.3 * np.sin(EDGES[1:] / 60)
    choice = choose(toy(waves, n_events=1e6), signal, low_step=300, high_step=1500)
    assert not choice.good
    assert len(choice.trials) > 3
    best = max(trial.choice.goodness.p_value for trial in choice.trials)
    assert choice.chosen.choice.goodness.p_value == best


def test_uncertain_background_is_a_complaint(signal):
    choice = choose(toy(n_events=1e4), signal, largest_relative_error=1e-3, low_step=600, high_step=2000)
    assert not choice.good
    assert "uncertain by" in choice.chosen.complaint


def test_spectrum_that_cannot_be_fitted_is_refused(signal):
    with pytest.raises(MaplessError, match="empty"):
        choose(Spectrum(EDGES, np.zeros(len(EDGES) - 1)), signal)


def test_steps_go_forward():
    with pytest.raises(MaplessError, match="steps above 0 GeV"):
        RangePolicy(low_step=0)
