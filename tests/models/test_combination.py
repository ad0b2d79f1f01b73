"""What a combination of detectors is: their scores as quantiles, combined in a known way."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import ndtr

from errors import MaplessError
from models.anomaly_detector import AnomalyDetector
from models.combination import COMBINATIONS, Combination
from models.events import column
from models.made import Made, modules
from models.registry import DETECTORS, make_detector
from tests.models import toy

N = 20_000


@dataclass
class OneColumn(AnomalyDetector):
    """Scores an event by one of its columns; learns nothing."""

    name: str

    @property
    def columns(self):
        return {role: (self.name,) for role in self.roles}

    @property
    def score_columns(self):
        return (self.name,)

    def fit(self, training, progress=None):
        return self

    def score(self, events):
        return {"score": column(events, self.name)}

    def save(self, folder):
        raise NotImplementedError

    @classmethod
    def load(cls, folder):
        raise NotImplementedError


class WithDiagnostics(OneColumn):
    """The same, with a further score that is none to select by."""

    scores = ("diagnostic", "score")

    def score(self, events):
        values = column(events, self.name)
        return {"diagnostic": -values, "score": values}


class Background(OneColumn):
    """The same, which learns from background."""

    roles = ("background",)


def of_columns(*names, kind="OneColumn"):
    place = f"{__name__}:{kind}"
    return {name: {"detector": place, "options": {"name": name}} for name in names}


def normal(shift=0.0, seed=1):
    """Two scores that are nearly the same and a third, each a standard normal number plus a shift."""
    random = np.random.default_rng(seed)
    alike, third = random.normal(size=(2, N))
    values = {"first": alike, "second": 0.95 * alike + np.sqrt(1 - 0.95**2) * random.normal(size=N)}
    scores = {name: value + shift for name, value in (values | {"third": third}).items()}
    return toy.Events({"key": random.integers(0, 2**64, N, dtype=np.uint64), **scores})


def scored(how, names, events):
    return Combination(of_columns(*names), how, folds=2).fit({"events": normal()}).score(events)["score"]


@pytest.mark.parametrize("how", [*COMBINATIONS, "learned"])
def test_each_way_to_combine_is_what_it_says_of_independent_uniform_scores(how):
    score = scored(how, ["first", "third"], normal(seed=2))
    below = {  # probability that the combination of two independent uniform numbers is below 0.8
        "rank-average": 1 - 2 * (1 - 0.8) ** 2,
        "maximum": 0.8**2,
        "product": 0.8 * (1 - np.log(0.8)),
        "learned": 0.8,
    }
    assert np.mean(score < 0.8) == pytest.approx(below[how], abs=0.015)
    assert 0 <= score.min() < score.max() <= 1


def test_learned_weights_do_not_count_what_two_detectors_say_alike_twice():
    """The share of a signal above the score of one background event in a hundred, and that by theory."""
    kept = {}
    for how in ("learned", "rank-average"):
        names = ["first", "second", "third"]
        threshold = np.quantile(scored(how, names, normal(seed=2)), 0.99)
        kept[how] = np.mean(scored(how, names, normal(shift=1.0, seed=3)) > threshold)
    correlation = np.array([[1, 0.95, 0], [0.95, 1, 0], [0, 0, 1]])
    apart = np.sqrt(np.linalg.inv(correlation).sum())
    assert kept["learned"] == pytest.approx(1 - ndtr(2.326 - apart), abs=0.02)
    assert kept["learned"] > kept["rank-average"] + 0.01


def test_of_a_detector_with_several_scores_the_one_that_is_selected_by_counts():
    events, alone = normal(seed=2), scored("maximum", ["first"], normal(seed=2))
    more = Combination(of_columns("first", kind="WithDiagnostics"), "maximum", folds=2).fit(
        {"events": normal()}
    )
    np.testing.assert_array_equal(more.score(events)["score"], alone)


def test_each_is_the_quantile_of_every_detector_under_its_name():
    one = Combination(of_columns("first", "third"), "each", folds=2).fit({"events": normal()})
    scores = one.score(normal(seed=2))
    assert tuple(scores) == one.scores == ("first", "third")
    for name, score in scores.items():
        assert score == pytest.approx(ndtr(normal(seed=2)[name]), abs=0.03)


def test_quantiles_are_those_of_the_sidebands_fold_by_fold():
    random = np.random.default_rng(4)
    mass = random.uniform(2230, 4071, N)
    inside = toy.WINDOW.in_signal_region(mass)
    values = {"mjj": mass, "key": random.integers(0, 2**64, N, dtype=np.uint64)}
    values["bump"] = random.uniform(size=N) + inside  # all of the window lies above all of the sidebands
    events = toy.Events(values)
    one = Combination(of_columns("bump"), "maximum", toy.WINDOW, folds=4).fit({"events": events})
    score = one.score(events)["score"]
    assert score[inside].min() > 0.999
    for fold in range(4):
        aside = score[~inside & (values["key"] % 4 == fold)]
        assert np.quantile(aside, [0.25, 0.5, 0.75]) == pytest.approx([0.25, 0.5, 0.75], abs=0.02)


def test_detectors_bring_their_own_roles_and_columns_and_get_what_the_search_offers():
    both = Combination(of_columns("first") | of_columns("third", kind="Background"), window=toy.WINDOW)
    assert both.roles == ("events", "background")
    assert both.columns == {"events": ("first", "key", "mjj"), "background": ("third",)}
    assert both.score_columns == ("key", "first", "third")
    options = {"detectors": {"jets": {"detector": "cwola-hunting-trees", "options": {"restarts": 2}}}}
    made = make_detector(Made("combination", options, {"inputs": toy.INPUTS}), window=toy.WINDOW, threads=1)
    (trees,) = made.parts
    assert (trees.inputs, trees.restarts, trees.window, trees.threads) == (toy.INPUTS, 2, toy.WINDOW, 1)


def test_the_code_of_all_detectors_decides_what_comes_out():
    options = {"detectors": {"one": {"detector": "cwola-hunting-trees"}, "other": {"detector": "mine:Own"}}}
    found = modules(Made("combination", options), DETECTORS)
    assert found == ("models.combination", "models.weak_supervision.trees", "mine")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"how": "vote"}, "cannot combine by 'vote'; choose one of rank-average"),
        ({"detectors": {}}, "needs detectors"),
        ({"detectors": {"a": {"options": {}}}}, "a of a combination is to be {detector: NAME"),
        ({"detectors": {"a": {"detector": "x", "cut": "y"}}}, "a of a combination is to be"),
        ({"detectors": {"a": {"detector": "x", "options": 3}}}, "a of a combination is to be"),
        ({"detectors": {"a": {"detector": "oracle"}}}, "nothing is called 'oracle'"),
        ({"detectors": {"a": {"detector": "cwola-hunting-trees", "options": {"epochs": 1}}}}, "'epochs'"),
    ],
)
def test_an_impossible_combination_is_refused(options, complaint):
    with pytest.raises(MaplessError, match=complaint):
        Combination(**({"detectors": of_columns("first")} | options))


def test_a_fold_without_events_is_refused():
    three = normal().where(np.arange(N) < 3)
    with pytest.raises(MaplessError, match="fold holds no events"):
        Combination(of_columns("first"), folds=40).fit({"events": three})
