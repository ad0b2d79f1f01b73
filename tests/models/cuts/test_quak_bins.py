"""Bins of a plane on toys whose emptiest bins are known."""

import numpy as np
import pytest

from errors import MaplessError
from models.cuts.quak_bins import QuakBins
from tests.models.toy import Events

MASS = 3000.0
PLACES = {"crowded": (0.5, 0.1), "empty": (3.0, 3.0), "emptier": (3.0, -3.0), "behind": (-3.0, 0.1)}


def placed(numbers, mass=2500.0, seed=1):
    """So many events at each of the places, half of them in either sideband, with their scores."""
    where = np.repeat([PLACES[name] for name in numbers], list(numbers.values()), axis=0)
    random = np.random.default_rng(seed)
    keys = random.permutation(len(where)).astype(np.uint64)
    high = np.arange(len(where)) % 2 == 1
    masses = np.where(high, mass + 1000.0, mass)
    return Events({"mjj": masses, "key": keys}), {
        "background_loss": where[:, 0],
        "signal_likeness": where[:, 1],
    }


def kept(cut, name):
    events, scores = placed({name: 50})
    return cut.masks(events, scores, MASS)["kept"].mean()


BESIDE = placed({"crowded": 9000, "empty": 600, "emptier": 200, "behind": 200})


@pytest.mark.parametrize(
    ("part", "places"),
    [(0.015, ("emptier",)), (0.07, ("emptier", "empty")), (0.5, ("emptier", "empty", "crowded"))],
)
def test_bins_are_taken_from_the_emptiest_on_until_they_hold_the_wanted_part(part, places):
    cut = QuakBins("mjj", kept=part).learn(*BESIDE, [MASS])
    for name in PLACES:
        assert kept(cut, name) == (name in places)


def test_the_signal_region_is_never_looked_at():
    events, scores = placed({"emptier": 5000}, mass=2900.0)
    events = events.but(mjj=np.full(len(events), MASS))
    both = Events({name: np.concatenate([BESIDE[0][name], events[name]]) for name in events.columns})
    together = {name: np.concatenate([BESIDE[1][name], scores[name]]) for name in scores}
    cut = QuakBins("mjj", kept=0.015)
    assert (
        cut.learn(both, together, [MASS])._learnt
        == QuakBins("mjj", kept=0.015).learn(*BESIDE, [MASS])._learnt
    )


def test_bins_for_the_events_of_a_fold_are_chosen_by_the_others():
    events, scores = BESIDE
    moved = {name: values.copy() for name, values in scores.items()}
    in_fold = events["key"] % np.uint64(5) == 2
    moved["background_loss"][in_fold], moved["signal_likeness"][in_fold] = PLACES["emptier"]
    before, after = (
        QuakBins("mjj", kept=0.015).learn(events, one, [MASS]).learnt("3000.0") for one in (scores, moved)
    )
    assert before[2] == after[2]
    assert before[1] != after[1]


def test_background_is_kept_as_often_beside_a_mass_as_in_between():
    random = np.random.default_rng(5)
    n = 60_000
    events = Events({"mjj": random.uniform(2200, 3800, n), "key": np.arange(n).astype(np.uint64)})
    scores = {name: random.normal(size=n) for name in ("background_loss", "signal_likeness")}
    mask = QuakBins("mjj", kept=0.02).learn(events, scores, [MASS]).masks(events, scores, MASS)["kept"]
    inside = np.abs(events["mjj"] / MASS - 1) < 0.05
    expected = mask[~inside].mean() * inside.sum()
    assert abs(mask[inside].sum() - expected) < 3 * np.sqrt(expected)
    assert 0.015 < mask.mean() < 0.04


def test_the_published_rule_wants_a_number_of_events_that_rises_with_the_mass():
    random = np.random.default_rng(5)
    n = 60_000
    events = Events({"mjj": random.uniform(2000, 6000, n), "key": np.arange(n).astype(np.uint64)})
    scores = {name: random.normal(size=n) for name in ("background_loss", "signal_likeness")}
    cut = QuakBins("mjj", events=90.0).learn(events, scores, [3000.0, 5000.0])
    for mass, wanted in ((3000.0, 90.0), (5000.0, 90 / 3 * 2**3)):
        inside = np.abs(events["mjj"] / mass - 1) < 0.05
        assert cut.masks(events, scores, mass)["kept"][inside].sum() == pytest.approx(wanted, rel=0.4)


@pytest.mark.parametrize(
    "wrong",
    [{"kept": 0}, {"events": -1}, {"folds": 1}, {"angles": 0}, {"half_width": 1.5}, {"reach": -2.0}],
)
def test_impossible_settings_are_one_line(wrong):
    with pytest.raises(MaplessError):
        QuakBins("mjj", **wrong)


def test_masses_and_scores_that_are_not_there_are_named():
    cut = QuakBins("mjj").learn(*BESIDE, [MASS])
    with pytest.raises(MaplessError, match="no bins around 2000"):
        cut.masks(*BESIDE, 2000.0)
    with pytest.raises(MaplessError, match="no score 'signal_likeness'"):
        cut.masks(BESIDE[0], {"background_loss": BESIDE[1]["background_loss"]}, MASS)
