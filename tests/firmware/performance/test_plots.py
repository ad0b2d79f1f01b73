"""Figures of triggers hold what they are asked to show."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from firmware.performance import plots
from firmware.performance.efficiencies import efficiencies_at_rate, pileup_profile
from firmware.performance.rates import ZeroBiasRates


@pytest.fixture(scope="module")
def zero_bias():
    return np.random.default_rng(1).exponential(10, 5000)


@pytest.fixture(scope="module")
def rates(zero_bias):
    return ZeroBiasRates(zero_bias)


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def test_every_signal_is_drawn_down_to_ten_events(rates, zero_bias):
    signals = {"top": 3 * zero_bias, "taus": 2 * zero_bias}
    axes = plots.plot_efficiency_against_rate(rates, signals, working_points=(1000,)).axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    assert {"top", "taus", "random"} <= lines.keys()
    assert lines["top"].get_xdata().min() == pytest.approx(rates.base_rate * 10 / 5000)


def test_the_pure_rate_lies_below_the_total_rate(rates, zero_bias):
    point = rates.threshold(100)
    figure = plots.plot_rate_against_threshold(
        rates, others=zero_bias > 30, working_points={"nominal": point}
    )
    total, pure = (figure.axes[0].lines[i].get_ydata() for i in (0, 1))
    assert np.all(pure <= total)
    assert pure[-1] == 0 < total[-1]
    assert any("nominal" in text.get_text() for text in figure.axes[0].texts)


def test_pileup_and_efficiencies_are_drawn_bin_by_bin(rates, zero_bias):
    n_pileup = np.random.default_rng(2).poisson(50, 5000)
    profile = pileup_profile(zero_bias, n_pileup, 30)
    figure = plots.plot_pileup_dependence(profile)
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), profile.mean)
    found = efficiencies_at_rate(rates, {"top": 3 * zero_bias}, 1000)
    figure = plots.plot_efficiencies({"quantised": found, "float": found}, 1000)
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ["top"]
    assert figure.axes[0].get_ylabel() == "Efficiency at 1000 kHz"
