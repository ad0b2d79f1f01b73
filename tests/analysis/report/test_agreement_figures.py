"""What the figures of agreeing scores, followed masses and selected features show."""

import numpy as np
import pytest

from analysis.report.agreement_figures import correlation_figure, mass_figures
from analysis.report.hunt_view import HuntView
from analysis.report.selected_features import SelectedFeatures
from tests.models import toy

EVENTS = toy.background(4000, seed=1)
MASS = EVENTS["mjj"]


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    from matplotlib import pyplot

    pyplot.close("all")


def view_of(score, window=toy.WINDOW):
    inside = window.in_signal_region(MASS) if window else np.ones(len(MASS), bool)
    kept = {"kept": score > np.quantile(score, 0.9)}
    return HuntView("hunt-B3", "hunt", EVENTS, {"score": score}, kept, inside, window, {}, "label")


def test_the_matrix_shows_each_correlation_and_a_single_score_has_none():
    random = np.random.default_rng(1)
    scores = {"a score": random.normal(size=500), "b score": random.normal(size=500)}
    scores["c score"] = np.exp(scores["a score"])
    ((name, caption, figure),) = correlation_figure(scores, "B3", "label")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert (name, caption) == ("correlations_B3", "Correlations of the scores beside window B3")
    assert texts[2] == texts[6] == texts[0] == "1.00"
    assert abs(float(texts[1])) < 0.15
    assert list(correlation_figure({"a score": scores["a score"]}, "B3", "label")) == []


def test_a_selection_that_follows_the_mass_is_told_in_its_figure():
    ((name, _, figure),) = mass_figures(view_of(MASS))
    (text,) = [one.get_text() for one in figure.axes[1].get_legend().get_texts()]
    chi_square, degrees = text.rpartition(" ")[2].split("/")
    assert name == "mass_hunt-B3"
    assert float(chi_square) > 10 * int(degrees)
    assert list(mass_figures(view_of(MASS, window=None))) == []


def test_the_feature_that_is_selected_stands_first():
    made = SelectedFeatures(toy.INPUTS["jet1"])
    ((name, _, figure),) = made.draw(view_of(EVENTS["jet1_tau32"]))
    bars = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert (name, bars[-1]) == ("features_hunt-B3", "jet1_tau32")
    assert set(made.columns) == set(bars)
