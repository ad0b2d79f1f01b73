import json
from pathlib import Path

import numpy as np
import pytest

from analysis.simulation.level1 import Level1Sample, production, simulate
from analysis.simulation.level1.menu import read_menu
from analysis.simulation.level1.pool import EMBEDDED, CollisionPool, PoolRecipe
from errors import MaplessError
from selections.level1 import Level1Events, read


def same(one: Level1Events, other: Level1Events) -> bool:
    pairs = [(one.objects, other.objects), (one.regions, other.regions), (one.n_pileup, other.n_pileup)]
    return all(np.array_equal(first, second) for first, second in pairs)


def test_sample_reads_back_with_the_bits_of_the_menu(zero_bias: Level1Sample) -> None:
    events, menu = read(zero_bias.path), read_menu()
    objects = events.inputs("objects")
    assert len(events) == 6000
    assert events.other_bits.keys() == menu.keys()
    for name, seed in menu.items():
        assert np.array_equal(events.other_bits[name], seed.decision(objects))
    assert events.other_bits["L1_SingleEG36er2p5"].any()


def test_sample_is_small_and_described(zero_bias: Level1Sample) -> None:
    told = json.loads(zero_bias.path.with_name("zero_bias.root.json").read_text())
    assert zero_bias.path.stat().st_size < 6000 * 230
    assert (told["process"], told["seed"], told["n_events"]) == ("level1_zero_bias", 7, 6000)
    assert told["cross_section_pb"] == pytest.approx(78.6e9, rel=0.02)
    assert told["collisions"]["ordinary"] == 3000
    assert told["menu"]["L1_SingleMu22"]["thresholds"] == [22]


def test_same_seed_gives_the_same_file_on_any_number_of_workers(
    zero_bias: Level1Sample, tmp_path: Path
) -> None:
    again = simulate("level1_zero_bias", 6000, output=tmp_path / "two.root", seed=7, workers=2)
    assert same(read(again.path), read(zero_bias.path))
    other = simulate("level1_zero_bias", 6000, output=tmp_path / "other.root", seed=8, workers=1)
    assert not same(read(other.path), read(zero_bias.path))


def test_interrupted_production_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(done: int, wanted: int) -> None:
        if done >= 2000:
            raise KeyboardInterrupt

    monkeypatch.setattr(production, "ZERO_BIAS_CHUNK", 1000)
    arguments = {"seed": 3, "workers": 1}
    with pytest.raises(MaplessError, match="interrupted; what is complete is kept in .*: run the same again"):
        simulate("level1_zero_bias", 4000, output=tmp_path / "x.root", progress=interrupt, **arguments)
    assert not (tmp_path / "x.root").exists()
    first = next(tmp_path.glob("*.chunks/chunk000000_1000.npz"))
    written = first.stat().st_mtime_ns
    seen: list[int] = []

    def look(done: int, wanted: int) -> None:
        seen.append(first.stat().st_mtime_ns)

    simulate("level1_zero_bias", 4000, output=tmp_path / "x.root", progress=look, **arguments)
    assert seen == [written] * 4
    simulate("level1_zero_bias", 4000, output=tmp_path / "y.root", **arguments)
    assert same(read(tmp_path / "x.root"), read(tmp_path / "y.root"))
    assert not list(tmp_path.glob("*.chunks"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"process": "level1_nothing"}, "no process 'level1_nothing'; choose from level1_zero_bias"),
        ({"pileup": -1}, "level1_zero_bias pileup: .*greater than or equal to 0"),
        ({"pile_up": 30}, "no such parameter; parameters are beam_energy.*pileup"),
        ({"n_events": 0}, "ask for at least one"),
    ],
)
def test_wrong_arguments_are_told_in_one_line(tmp_path: Path, arguments, message: str) -> None:
    call = {"process": "level1_zero_bias", "n_events": 5, "workers": 1} | arguments
    with pytest.raises(MaplessError, match=message) as error:
        simulate(output=tmp_path / "x.root", **call)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_menu_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "menu.yaml").write_text("L1_X: {kind: tau, thresholds: [20]}\n")
    with pytest.raises(MaplessError, match=r"menu.yaml: L1_X.kind: Input should be 'met'"):
        read_menu(tmp_path / "menu.yaml")


def test_pool_comes_back_from_disk(tmp_path: Path) -> None:
    pool = CollisionPool.load(EMBEDDED)
    pool.save(tmp_path / "pool.npz")
    again = CollisionPool.load(tmp_path / "pool.npz")
    for one, other in zip(pool.collisions, again.collisions, strict=True):
        assert np.array_equal(one, other)
    assert pool.collisions.starts[-1] == len(pool.collisions.tower)
    assert pool.sizes.tolist() == [size for _, size in PoolRecipe.small().strata]


def test_other_beams_have_a_pool_of_their_own() -> None:
    assert PoolRecipe.small().path == EMBEDDED
    others = {PoolRecipe.small(13000).path, PoolRecipe().path, PoolRecipe(seed=2).path}
    assert len(others | {EMBEDDED}) == 4
