import numpy as np
import pytest

from errors import MaplessError
from models.cuts.score_categories import ScoreCategories
from models.events import fold
from tests.models import toy

EVENTS = toy.background(200000, seed=1)
MJJ = EVENTS["mjj"]
RANDOM = np.random.default_rng(7)
SCORES = {"score": RANDOM.exponential(size=len(EVENTS)) * (MJJ / 2200) ** 0.7}  # heavy events look odd
EDGES = np.array([2200, 2300, 2400, 2500, 2700, 2900, 3200, 3600, 4200, 6000])


def regression(how):
    return ScoreCategories("mjj", regression=how, epochs=10)


@pytest.fixture(scope="module", params=["bins", pytest.param("networks", marks=pytest.mark.physics)])
def cut(request):
    return regression(request.param).learn(EVENTS, SCORES)


def chi_square_per_bin(mask):
    """Of the kept fraction in bins of the mass against a constant."""
    total, kept = (np.histogram(MJJ[chosen], EDGES)[0] for chosen in (slice(None), mask))
    expected = total * mask.mean()
    return np.mean((kept - expected) ** 2 / (expected * (1 - mask.mean())))


def test_categories_hold_the_same_fraction_at_every_mass(cut):
    masks = cut.masks(EVENTS, SCORES)
    fractions = [masks[name].mean() for name in ("0-1%", "1-5%", "5-10%")]
    assert fractions == pytest.approx([0.01, 0.04, 0.05], rel=0.04)
    for mask in (*masks.values(), np.any(list(masks.values()), axis=0)):
        assert chi_square_per_bin(mask) < 2.6  # probability 0.005 for nine bins


def test_a_fixed_threshold_would_sculpt_the_spectrum():
    score = SCORES["score"]
    assert chi_square_per_bin(score > np.quantile(score, 0.9)) > 100


def test_an_event_does_not_move_the_curve_that_cuts_it(cut):
    in_fold = fold(EVENTS, 5) == 2
    wild = {"score": np.where(in_fold, 3 * SCORES["score"], SCORES["score"])}
    moved = regression(cut.regression).learn(EVENTS, wild)
    before, after = (one.masks(EVENTS, SCORES)["0-1%"] for one in (cut, moved))
    np.testing.assert_array_equal(before[in_fold], after[in_fold])
    assert after[~in_fold].sum() < 0.9 * before[~in_fold].sum()


def test_masses_beyond_the_learnt_ones_are_cut_as_at_the_end(cut):
    far = EVENTS.but(mjj=np.full(len(EVENTS), 1e5))
    farther = EVENTS.but(mjj=np.full(len(EVENTS), 1e6))
    one, other = (cut.masks(events, SCORES)["0-1%"] for events in (far, farther))
    np.testing.assert_array_equal(one, other)
    assert 0 < one.sum() < len(EVENTS)


def test_too_few_events_are_refused():
    few = np.arange(len(EVENTS)) < 5000
    with pytest.raises(MaplessError, match="5000 events are too few for 5 folds, 20 mass bins"):
        ScoreCategories("mjj").learn(EVENTS.where(few), {"score": SCORES["score"][few]})


@pytest.mark.parametrize(
    "settings",
    [
        {"efficiencies": (0.05, 0.01)},
        {"efficiencies": ()},
        {"folds": 1},
        {"order": 20},
        {"regression": "forests"},
        {"regression": "networks", "epochs": 0},
    ],
)
def test_impossible_settings_are_refused(settings):
    with pytest.raises(MaplessError, match="rise|fraction|two folds|no regression by 'forests'|0 epochs"):
        ScoreCategories("mjj", **settings)
