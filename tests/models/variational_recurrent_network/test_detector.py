"""What a variational recurrent network of jets refuses."""

import numpy as np
import pytest

from errors import MaplessError
from models.variational_recurrent_network.detector import VariationalRecurrentNetwork
from tests.models import toy

JETS = ("jet1_constituent", "jet2_constituent")
EVENTS = toy.with_constituents(toy.background(300, seed=1), particles=8, seed=1)


def network(**options):
    return VariationalRecurrentNetwork(JETS, JETS[0], **options)


def test_the_scored_jet_is_one_of_those_that_it_learns_from():
    with pytest.raises(MaplessError, match="scored is 'jet3_constituent', which is none of the jets"):
        VariationalRecurrentNetwork(JETS, "jet3_constituent")


def test_impossible_settings_are_refused():
    with pytest.raises(MaplessError, match="length is 2; a jet has a shape from 3 constituents on"):
        network(length=2)
    with pytest.raises(MaplessError, match="2 folds are too few"):
        network(folds=2)


def test_too_few_jets_are_refused():
    with pytest.raises(MaplessError, match=r"one of 9 folds has \d+ jets with 3 constituents or more"):
        network(folds=9).fit({"events": EVENTS})


def test_a_column_that_holds_no_particles_is_refused():
    flat = EVENTS.but(jet2_constituent=EVENTS["jet1_pt"])
    with pytest.raises(MaplessError, match=r"'jet2_constituent' has the shape \(\) per event, not"):
        network().fit({"events": flat})
    few = EVENTS.but(jet2_constituent=np.zeros((300, 8, 2), np.float32))
    with pytest.raises(MaplessError, match=r"has the shape \(8, 2\) per event"):
        network().fit({"events": few})
