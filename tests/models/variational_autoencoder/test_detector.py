import numpy as np
import pytest

from errors import MaplessError
from models.variational_autoencoder.detector import VariationalAutoencoder
from tests.models import toy

SMALL = {"match": toy.MATCH, "particles": 6, "latent": 2, "epochs": 6, "batch_size": 64}


class Streamed(toy.Events):
    """Events whose particles do not fit into memory."""

    def __getitem__(self, column):
        assert not column.endswith("_constituent")
        return super().__getitem__(column)

    def where(self, mask):
        return Streamed(super().where(mask)._values)


def jets(n, seed, width=0.1):
    """Events whose particles lie around the axis of their jet; the wider, the heavier the jet."""
    events = toy.with_constituents(toy.background(n, seed), particles=6, seed=seed)
    wider = {f"{jet}_constituent": _widened(events[f"{jet}_constituent"], width / 0.1) for jet in toy.JETS}
    return events.but(**wider)


def _widened(constituents, factor):
    there = constituents[..., :1] > 0
    axis = constituents.sum(axis=1, keepdims=True) / there.sum(axis=1, keepdims=True)
    away = (constituents - axis) * np.array([0.0, factor - 1, factor - 1])
    return constituents + away * there


@pytest.fixture(scope="module")
def trained():
    events = Streamed(jets(2000, seed=1)._values)
    return VariationalAutoencoder(**SMALL).fit({"background": events, "events": events})


def test_jets_unlike_the_background_score_higher(trained):
    ordinary, wide = (trained.score(jets(1000, 2, width))["score"] for width in (0.1, 0.2))
    assert (ordinary[:, None] < wide).mean() > 0.8


def test_the_score_is_the_lowest_loss_of_the_two_jets(trained):
    events = jets(200, seed=3)
    swapped = events.but(
        jet1_constituent=events["jet2_constituent"], jet2_constituent=events["jet1_constituent"]
    )
    np.testing.assert_allclose(trained.score(swapped)["score"], trained.score(events)["score"], rtol=1e-4)
    odd = events.but(jet1_constituent=jets(200, 4, width=0.5)["jet1_constituent"])
    both = odd.but(jet2_constituent=jets(200, 5, width=0.5)["jet2_constituent"])
    one, two = (np.median(trained.score(some)["score"]) for some in (odd, both))
    assert two > 2 * one


def test_the_divergence_enters_the_score_by_its_weight(trained):
    events, scores = jets(200, seed=3), []
    for trained.score_beta in (0.5, 1.0, 0.0):
        scores.append(trained.score(events)["score"])
    half, whole, without = scores
    assert (half > without).all()
    assert (whole > half).all()


def test_what_is_not_seen_of_a_jet_changes_nothing(trained):
    events = jets(200, seed=3)
    more = {
        name: np.concatenate([events[name], np.full((200, 2, 3), 0.1)], axis=1)
        for name in trained.score_columns
    }
    np.testing.assert_array_equal(trained.score(events.but(**more))["score"], trained.score(events)["score"])


@pytest.mark.parametrize("setting", [{"particles": 7}, {"particles": 4}, {"epochs": 0}, {"match": {}}])
def test_impossible_settings_are_refused(setting):
    with pytest.raises(MaplessError, match="particles|epochs|jets"):
        VariationalAutoencoder(**SMALL | setting)


def test_particles_of_another_shape_are_refused(trained):
    few = jets(10, 1)
    with pytest.raises(MaplessError, match=r"'jet1_constituent' has the shape \(5, 3\) .* not \(6, 3\)"):
        trained.score(few.but(jet1_constituent=few["jet1_constituent"][:, :5]))


def test_too_few_events_and_spectra_that_do_not_meet_are_refused():
    events, detector = jets(100, 1), VariationalAutoencoder(**SMALL | {"batch_size": 512})
    with pytest.raises(MaplessError, match="100 background events are too few"):
        detector.fit({"background": events, "events": events})
    softer = events.but(**{pt: events[pt] / 100 for pt in toy.MATCH.values()})
    with pytest.raises(MaplessError, match="no values in common"):
        detector.fit({"background": softer, "events": events})
