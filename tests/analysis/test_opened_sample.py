"""Collision data that are called simulation are not opened."""

from pathlib import Path

import pytest

from analysis.opened_sample import open_sample
from analysis.sample import SamplePart
from errors import MaplessError

DATA = Path(__file__).parents[1] / "data"
OPENING = {"triggers": (), "filters": ()}


def test_a_file_without_weights_of_a_generator_is_data_or_says_that_it_is_not() -> None:
    for unweighted in (False, True):
        file = DATA / "nanoaod_v13_data_2022.root"
        (opened,) = open_sample([SamplePart((file,), OPENING, unweighted=unweighted)], 10)
        opened.check_role("mine", "data")
        if unweighted:
            opened.check_role("mine", "background")
            continue
        with pytest.raises(MaplessError, match="has no genWeight.*write `role: data`, or `unweighted: true`"):
            opened.check_role("mine", "background")


def test_simulation_has_weights_of_its_generator() -> None:
    (opened,) = open_sample([SamplePart((DATA / "nanoaod_v12_simulation.root",), OPENING)], 10)
    opened.check_role("mine", "background")
