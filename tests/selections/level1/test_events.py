import numpy as np
import pytest

from errors import MaplessError
from selections.level1 import Level1Events
from selections.level1.digitise import digitise
from selections.level1.hardware import SLOT_NAMES
from selections.level1.seeds import Seed


def test_wrong_number_of_objects_is_told_in_one_line() -> None:
    with pytest.raises(MaplessError, match=r"objects have the shape \(3, 54\); they must have \(3, 57\)"):
        Level1Events.of(objects=np.zeros((3, 54)))


def test_regions_of_more_than_ten_bits_are_refused() -> None:
    regions = np.zeros((2, 18, 14), int)
    regions[1, 3, 4] = 1024
    with pytest.raises(MaplessError, match="from 0 to 1023"):
        Level1Events.of(regions=regions)


def test_inputs_that_are_lacking_are_named() -> None:
    events = Level1Events.of(objects=np.zeros((2, 57)))
    assert events.inputs("objects").shape == (2, 57)
    with pytest.raises(MaplessError, match="objects but no regions"):
        events.inputs("regions")


def test_selection_keeps_every_array_aligned() -> None:
    events = Level1Events.of(
        objects=np.arange(4)[:, None] * np.ones(57, int),
        n_pileup=np.arange(4),
        other_bits={"L1_X": np.array([0, 1, 0, 1])},
    )
    kept = events.select(events.other_bits["L1_X"])
    assert kept.objects is not None
    assert kept.objects[:, 0].tolist() == kept.n_pileup.tolist() == [1, 3]
    assert kept.other_bits["L1_X"].all()


def physical(slot: str, pt: float, eta: float = 0.0, phi: float = 0.0) -> np.ndarray:
    objects = np.zeros((1, 19, 3))
    objects[0, SLOT_NAMES.index(slot)] = pt, eta, phi
    return objects


@pytest.mark.parametrize(
    ("objects", "slot", "integers"),
    [
        (physical("jet0", 100, -1.0005, -np.pi / 72), "jet0", [200, -23, 143]),
        (physical("jet9", 5000), "jet9", [2047, 0, 0]),
        (physical("egamma1", 300, 0.0435), "egamma1", [511, 1, 0]),
        (physical("muon0", 22, 0.010875 * 7, np.pi), "muon0", [45, 7, 288]),
        (physical("met0", 60.2, 1.0, 6.28), "met0", [120, 0, 0]),
    ],
)
def test_physical_values_become_hardware_integers(objects, slot: str, integers: list[int]) -> None:
    found = digitise(objects).reshape(19, 3)
    assert found[SLOT_NAMES.index(slot)].tolist() == integers
    assert np.count_nonzero(found.any(axis=1)) == 1


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(MaplessError, match="must be finite"):
        digitise(physical("jet0", np.nan))


def test_seeds_want_all_their_objects_inside() -> None:
    objects = digitise(physical("jet0", 200, 0.5) + physical("jet1", 160, 2.7) + physical("jet2", 150, 1))
    assert Seed("jet", (180,)).decision(objects).all()
    assert Seed("jet", (150, 150), max_eta=2.5).decision(objects).all()
    assert not Seed("jet", (155, 155), max_eta=2.5).decision(objects).any()
    assert Seed("ht", (350,)).decision(objects).all()
    assert not Seed("ht", (351,)).decision(objects).any()


def test_muon_seed_knows_the_offset_of_muons() -> None:
    objects = digitise(physical("muon0", 22))
    assert Seed("muon", (22,)).decision(objects).all()
    assert not Seed("muon", (22.5,)).decision(objects).any()


def test_seed_on_more_objects_than_there_are_is_refused() -> None:
    with pytest.raises(MaplessError, match="1 to 4 thresholds"):
        Seed("muon", (1, 1, 1, 1, 1))
