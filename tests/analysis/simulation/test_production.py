import json
from dataclasses import replace
from pathlib import Path

import awkward as ak
import pytest

from analysis.simulation import SimulatedSample, production, simulate
from errors import MaplessError
from tests.analysis.simulation.conftest import SIGNAL, read


def same_events(first: Path, second: Path) -> bool:
    one, other = read(first), read(second)
    return one.keys() == other.keys() and all(ak.array_equal(one[name], other[name]) for name in one)


def small(output: Path, **changes: object) -> SimulatedSample:
    arguments = {"seed": 3, "workers": 1, "quality": "tiny", "mjj_min": 2200, "max_delta_eta": 1.3} | changes
    return simulate("qcd", 60, output=output, **arguments)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SimulatedSample:
    return small(tmp_path_factory.mktemp("qcd") / "qcd.root")


def test_same_seed_gives_same_events_on_any_number_of_workers(
    sample: SimulatedSample, tmp_path: Path
) -> None:
    assert same_events(sample.path, small(tmp_path / "two.root", workers=2).path)


def test_another_seed_gives_other_events(sample: SimulatedSample, tmp_path: Path) -> None:
    assert not same_events(sample.path, small(tmp_path / "other.root", seed=4).path)


def test_interrupted_production_goes_on_where_it_stopped(
    sample: SimulatedSample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(done: int, wanted: int) -> None:
        raise KeyboardInterrupt

    output = tmp_path / "qcd.root"
    with pytest.raises(MaplessError, match="interrupted; what is complete is kept in .*: run the same again"):
        small(output, progress=interrupt)
    assert not output.exists()
    first = next(tmp_path.glob("*.chunks/chunk000000.npz"))
    written = first.stat().st_mtime_ns
    seen: list[int] = []

    def look(done: int, wanted: int) -> None:
        seen.append(first.stat().st_mtime_ns)

    small(output, progress=look)
    assert set(seen) == {written}
    assert same_events(sample.path, output)
    assert not list(tmp_path.glob("*.chunks"))


def test_weights_add_up_to_the_cross_section(sample: SimulatedSample) -> None:
    weight = read(sample.path)["weight"]
    assert float(ak.sum(weight)) == pytest.approx(sample.cross_section, rel=1e-5)
    assert len(weight) == sample.n_events == 60
    assert sample.luminosity == pytest.approx(60 / sample.cross_section)


def test_description_tells_the_recipe(sample: SimulatedSample) -> None:
    description = json.loads(sample.path.with_name("qcd.root.json").read_text())
    assert description["parameters"]["mjj_min"] == 2200
    assert (description["seed"], description["quality"], description["n_events"]) == (3, "tiny", 60)
    assert description["n_tried"] > description["n_generated"] > 60
    assert description["packages"]["pythia8mc"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"process": "nothing"}, "no process 'nothing'; choose from qcd, ttbar, "),
        ({"resonance_mas": 1}, "x_to_yy resonance_mas: no such parameter; parameters are .*resonance_mass"),
        ({"resonance_mass": -1}, "x_to_yy resonance_mass: .*greater than 0"),
        ({"resonance_mass": 500}, "must be above y_mass"),
        ({"mjj_min": 3000, "mjj_max": 2000}, "mjj_min must be below mjj_max"),
        ({"pythia_settings": ["No:such = setting"]}, "Pythia does not know the setting 'No:such = setting'"),
        ({"quality": "best"}, "quality 'best'.*full, fast, tiny"),
        ({"n_events": 0}, "ask for at least one"),
    ],
)
def test_wrong_arguments_are_told_in_one_line(
    tmp_path: Path, arguments: dict[str, object], message: str
) -> None:
    call = {"process": "x_to_yy", "n_events": 5, "quality": "tiny", "workers": 1} | SIGNAL | arguments
    with pytest.raises(MaplessError, match=message) as error:
        simulate(output=tmp_path / "x.root", **call)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.glob("*.root"))


def test_selection_that_nothing_passes_ends_with_a_message(tmp_path: Path) -> None:
    recipe = production.SampleRecipe("qcd", production.create("qcd", production.PROCESSES), "tiny", 1)
    attempt = production.Production(recipe, tmp_path, 10, lambda done, wanted: None)
    attempt.sizes = dict.fromkeys(range(production.PATIENCE), 0)
    with pytest.raises(MaplessError, match="no event of qcd passes its own selection"):
        attempt.sufficient()


def test_chunks_count_from_the_first_without_a_gap(tmp_path: Path) -> None:
    recipe = production.SampleRecipe("qcd", production.create("qcd", production.PROCESSES), "tiny", 1)
    attempt = production.Production(recipe, tmp_path, 10, lambda done, wanted: None)
    attempt.sizes = {0: 6, 2: 6}
    assert attempt.sufficient() is None
    attempt.sizes[1] = 3
    assert [path.name for path in attempt.sufficient() or []] == [f"chunk00000{n}.npz" for n in range(3)]


def test_recipe_key_follows_every_setting() -> None:
    recipe = production.SampleRecipe("qcd", production.create("qcd", production.PROCESSES), "tiny", 1)
    others = [
        replace(recipe, seed=2),
        replace(recipe, quality="fast"),
        replace(recipe, process=production.create("qcd", production.PROCESSES, mjj_min=2000)),
    ]
    assert len({recipe.key, *(other.key for other in others)}) == 4
    assert recipe.key == replace(recipe).key
