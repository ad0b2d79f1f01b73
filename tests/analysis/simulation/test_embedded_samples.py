"""The samples that come with the project are what their recipes say."""

import json
from pathlib import Path
from typing import Any

import awkward as ak
import pytest

from analysis.simulation import level1, simulate
from tests.analysis.simulation.conftest import read

SAMPLES = Path(__file__).parents[3] / "analysis" / "samples"


def description(sample: Path) -> dict[str, Any]:
    return json.loads(sample.with_name(f"{sample.name}.json").read_text())


def test_samples_are_small() -> None:
    sizes = [sample.stat().st_size for pattern in ("*.root", "*.npz") for sample in SAMPLES.glob(pattern)]
    assert sizes
    assert sum(sizes) < 24e6


@pytest.mark.parametrize("name", ["qcd_dijet.root", "x_to_yy_3000.root"])
def test_weights_of_a_sample_are_its_cross_section(name: str) -> None:
    told = description(SAMPLES / name)
    events = read(SAMPLES / name)
    assert len(events["event"]) == told["n_events"]
    assert float(events["weight"][0]) * told["n_events"] == pytest.approx(told["cross_section_pb"], rel=1e-5)
    assert ak.all(events["weight"] == events["weight"][0])


@pytest.mark.physics
@pytest.mark.parametrize("name", ["qcd_dijet.root", "x_to_yy_3000.root"])
def test_recipe_makes_the_first_events_of_a_sample_again(name: str, tmp_path: Path) -> None:
    told = description(SAMPLES / name)
    arguments = told["parameters"] | {"seed": told["seed"], "quality": told["quality"], "workers": 1}
    again = simulate(told["process"], 500, output=tmp_path / name, **arguments)
    ours, theirs = read(again.path), read(SAMPLES / name)
    assert ours.keys() == theirs.keys()
    for column in ours.keys() - {"weight"}:
        assert ak.array_equal(ours[column], theirs[column][:500]), column


@pytest.mark.physics
@pytest.mark.parametrize("name", ["level1_ttbar.root", "level1_a_to_4l.root"])
def test_recipe_makes_the_level1_signals_again(name: str, tmp_path: Path) -> None:
    told = description(SAMPLES / name)
    arguments = told["parameters"] | {"seed": told["seed"], "quality": told["quality"], "workers": 1}
    again = read(level1.simulate(told["process"], 500, output=tmp_path / name, **arguments).path)
    for column, values in read(SAMPLES / name).items():
        assert ak.array_equal(again[column], values[:500]), column
