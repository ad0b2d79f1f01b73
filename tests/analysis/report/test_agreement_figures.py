"""What the figures of agreeing scores, followed masses and explained features show."""

import numpy as np
import pytest

from analysis.report.agreement_figures import correlation_figure, mass_figures
from analysis.report.explanation_figures import explanation_figure
from analysis.report.hunt_view import HuntView
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


def test_the_matrix_shows_each_correlation():
    found = {"window": "B3", "scores": ["a score", "b score"], "matrix": [[1.0, -0.7], [-0.7, 1.0]]}
    ((name, caption, figure),) = correlation_figure(found, "label")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert (name, caption) == ("correlations_B3", "Correlations of the scores beside window B3")
    assert texts == ["1.00", "-0.70", "-0.70", "1.00"]


def test_a_selection_that_follows_the_mass_is_told_in_its_figure():
    ((name, _, figure),) = mass_figures(view_of(MASS))
    (text,) = [one.get_text() for one in figure.axes[1].get_legend().get_texts()]
    chi_square, degrees = text.rpartition(" ")[2].split("/")
    assert name == "mass_hunt-B3"
    assert float(chi_square) > 10 * int(degrees)
    assert list(mass_figures(view_of(MASS, window=None))) == []


def test_features_stand_in_the_order_of_the_explanation():
    of_one = {"distance": 0.5, "kept_median": 1.0, "other_median": 2.0}
    features = {"first": of_one, "second": of_one | {"distance": 0.1}}
    found = {"features": features, "importance": {"second": 0.9, "first": 0.0}}
    ((name, _, figure),) = explanation_figure("hunt-B3", "hunt", found, "label")
    bars = [[label.get_text() for label in axis.get_yticklabels()] for axis in figure.axes]
    assert (name, bars) == ("features_hunt-B3", [["second", "first"], ["first", "second"]])
    assert list(explanation_figure("hunt", "hunt", {"features": {}, "importance": {}}, "label")) == []
