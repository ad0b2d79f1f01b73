import numpy as np

from analysis.simulation.level1.crossings import trigger
from analysis.simulation.level1.pool import CollisionPool, Draw
from analysis.simulation.level1.towers import Collisions
from tests.selections.cpp import level1_reference as reference


def random_collisions(n: int, n_towers: int, largest: int, seed: int) -> Collisions:
    rng = np.random.default_rng(seed)
    tower = rng.integers(56 * 72, size=n * n_towers).astype(np.uint16)
    em, had = rng.integers(largest, size=(2, n * n_towers)).astype(np.uint16)
    muons = np.column_stack([rng.integers(1, 100, n), rng.integers(-200, 200, n), rng.integers(576, size=n)])
    starts = np.arange(0, n * n_towers + 1, n_towers)
    return Collisions(starts, tower, em, had, np.arange(n + 1), muons.astype(np.int16))


def added_up(parts: list[tuple[Collisions, int, int, bool]]) -> tuple[np.ndarray, np.ndarray, list]:
    """Towers in 0.5 GeV and muons of one crossing, from (collisions, number, turn, mirrored)."""
    em, had, muons = np.zeros((56, 72), int), np.zeros((56, 72), int), []
    for collisions, number, turn, mirrored in parts:
        one = [np.zeros((56, 72), int), np.zeros((56, 72), int)]
        inside = slice(collisions.starts[number], collisions.starts[number + 1])
        place = np.divmod(collisions.tower[inside].astype(int), 72)
        np.add.at(one[0], place, collisions.em[inside])
        np.add.at(one[1], place, collisions.had[inside])
        em, had = (
            total + np.roll(image[::-1] if mirrored else image, turn, axis=1)
            for total, image in zip((em, had), one, strict=True)
        )
        pt, eta, phi = (int(value) for value in collisions.muons[number])
        muons.append((pt, -eta if mirrored else eta, (phi + 8 * turn) % 576))
    return *reference.response(em, had), muons


def test_crossings_are_those_of_the_slow_reference() -> None:
    pool = random_collisions(10, 60, 100, 1)
    added = random_collisions(4, 40, 2000, 2), random_collisions(4, 10, 500, 3)
    draw = Draw(
        np.array([0, 3, 3, 8, 20]),
        np.arange(20, dtype=np.int32) % 10,
        (np.arange(20) * 11 % 72).astype(np.uint8),
        (np.arange(20) % 2).astype(np.uint8),
    )
    objects, regions = trigger(pool, draw, *added)
    for event in range(4):
        chosen = range(draw.starts[event], draw.starts[event + 1])
        parts = [(pool, int(draw.collision[i]), int(draw.turn[i]), bool(draw.mirrored[i])) for i in chosen]
        em, had, muons = added_up([*((one, event, 0, False) for one in added), *parts])
        assert objects[event].tolist() == reference.inputs(em, had, muons).tolist()
        assert regions[event].tolist() == reference.regions(em, had).tolist()


def test_crossing_without_collision_is_empty() -> None:
    draw = Draw(np.zeros(4, np.int64), *(np.zeros(0, dtype) for dtype in (np.int32, np.uint8, np.uint8)))
    objects, regions = trigger(random_collisions(1, 5, 100, 1), draw)
    assert not objects.any()
    assert not regions.any()


def test_strata_are_drawn_by_their_cross_sections() -> None:
    pool = CollisionPool(
        random_collisions(30, 5, 100, 1), np.array([10, 15, 5]), np.array([100.0, 20.0, 5.0])
    )
    draw = pool.draw(4000, 40, 72, np.random.default_rng(1))
    stratum = np.searchsorted([10, 25], draw.collision, side="right")
    assert abs(draw.n_pileup.mean() - 40) < 0.5
    assert abs(draw.n_pileup.var() - 40) < 4
    assert np.allclose(np.bincount(stratum) / 4000, [30, 8, 2], rtol=0.03)
    assert set(draw.collision) == set(range(30))
    assert set(draw.turn) == set(range(72))
    assert set(draw.mirrored) == {0, 1}
