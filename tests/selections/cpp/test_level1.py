import numpy as np
import pytest

from selections import headers
from selections.root import import_root
from tests.selections.cpp import level1_reference as reference


@pytest.fixture(scope="module")
def level1():
    headers.load("mapless/level1.h")
    return import_root().mapless.level1


def images(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Soft noise with many equal towers, and some hard deposits, at the edges too."""
    rng = np.random.default_rng(seed)
    em, had = rng.poisson(1.0, (2, 56, 72))
    for image in (em, had):
        eta, phi = rng.integers(56, size=12), rng.integers(72, size=12)
        image[eta, phi] += rng.geometric(0.02, size=12)
    em[0, 0] += 60
    em[55, 71] += 300  # beyond what a tower holds
    em[28, :3] = had[28, :3] = 12  # equal neighbours
    return em, had


def compiled(level1, name: str, em: np.ndarray, had: np.ndarray) -> np.ndarray:
    vector = import_root().RVecI
    found = getattr(level1, name)(vector(em.ravel().tolist()), vector(had.ravel().tolist()))
    return np.array(list(found))


@pytest.mark.parametrize("seed", range(5))
def test_objects_are_those_of_the_slow_reference(level1, seed: int) -> None:
    em, had = images(seed)
    found = compiled(level1, "objects_of_towers", em, had)
    assert found.tolist() == reference.inputs(em, had).tolist()
    assert np.count_nonzero(found[27::3]) == 10


def test_regions_are_sums_of_sixteen_towers(level1) -> None:
    em, had = images(1)
    em[:4, 4:8] = 255
    found = compiled(level1, "regions_of_towers", em, had).reshape(18, 14)
    assert found.tolist() == reference.regions(em, had).tolist()
    assert found[1, 0] == 1023


def test_empty_detector_has_no_objects(level1) -> None:
    nothing = np.zeros((56, 72), int)
    assert not compiled(level1, "objects_of_towers", nothing, nothing).any()


@pytest.mark.parametrize("turn", [1, 35])
def test_turning_the_event_turns_the_objects(level1, turn: int) -> None:
    em = had = np.zeros((56, 72), int)
    em = em.copy()
    em[[10, 30, 50], [2, 20, 60]] = 80, 60, 40  # three photons, three jets
    before = compiled(level1, "objects_of_towers", em, had)
    after = compiled(level1, "objects_of_towers", np.roll(em, turn, axis=1), had)
    phi = slice(2, 57, 3)
    real = before[0::3] > 0
    assert real.sum() == 7
    assert after[0::3].tolist() == before[0::3].tolist()
    assert after[phi][real].tolist() == ((before[phi] + 2 * turn) % 144)[real].tolist()


def test_two_equal_towers_are_one_jet(level1) -> None:
    em, had = np.zeros((2, 56, 72), int)
    em[20, 10] = em[20, 11] = em[21, 10] = 40
    found = compiled(level1, "objects_of_towers", em, had)
    assert found[27] == round(120 * (1 + np.exp(-60 / 70)))
    assert found[30] == 0


def test_hadronic_tower_is_no_photon(level1) -> None:
    em, had = np.zeros((2, 56, 72), int)
    em[20, 10], had[20, 10] = 100, 14
    assert compiled(level1, "objects_of_towers", em, had)[3] == 100
    had[20, 10] = 15
    assert compiled(level1, "objects_of_towers", em, had)[3] == 0
