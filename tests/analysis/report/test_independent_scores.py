"""The figure of independent scores says what the scores are, and is drawn only where they are."""

import numpy as np
import pytest

from analysis.report.hunt_view import HuntView
from analysis.report.independent_scores import IndependentScores
from tests.models import toy

FIGURE = IndependentScores("one", "other")
EVENTS = toy.background(4000, seed=1)


def view(window=toy.WINDOW, **scores):
    nothing = np.zeros(len(EVENTS), bool)
    return HuntView("tnt", "hunt tnt", EVENTS, scores, {"kept": nothing}, nothing, window, {}, "label")


def scores(correlation):
    one, other = np.random.default_rng(2).normal(size=(2, len(EVENTS)))
    return {"one": one, "other": correlation * one + np.sqrt(1 - correlation**2) * other}


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_the_figure_shows_whether_ranks_depend_on_each_other(correlation):
    ((name, _, figure),) = FIGURE.draw(view(**scores(correlation)))
    (axis,) = figure.axes
    means = axis.containers[0][0].get_ydata()
    assert name == "independence_tnt_one"
    assert (means[-1] - means[0] > 0.2) == (correlation > 0)
    assert any("rank correlation" in text.get_text() for text in axis.get_legend().get_texts())


def test_other_hunts_have_no_such_figure():
    assert not list(FIGURE.draw(view(one=np.ones(len(EVENTS)))))
    assert not list(FIGURE.draw(view(window=None, **scores(0.0))))
