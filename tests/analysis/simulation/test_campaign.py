"""Campaigns: complete, resumable, described for searches; mock data as their samples say."""

import json
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from analysis.simulation.campaign import Campaign, produce
from analysis.simulation.mock_data import Ingredient, draw_mock_data
from errors import MaplessError
from tests.analysis.simulation.conftest import read

CAMPAIGN: dict[str, Any] = {
    "quality": "tiny",
    "seed": 100,
    "parameters": {"mjj_min": 1900, "max_delta_eta": 1.3, "max_constituents": 20},
    "samples": {
        "qcd": {"process": "qcd", "events": 60},
        "sideband": {
            "process": "x_to_yy",
            "events": 20,
            "parameters": {"min_delta_eta": 1.4, "max_delta_eta": 2.5},
        },
    },
    "mock_data": {"mock": {"luminosity": 0.002, "samples": ["qcd"], "signals": {"sideband": 4000}}},
}


SAME = {"process": "qcd", "events": 1, "seed": 3}


def run(folder: Path, campaign: dict[str, Any] = CAMPAIGN) -> list[str]:
    """Make a campaign; the names of the samples that were simulated."""
    made = []

    def progress(name: str) -> Any:
        return lambda done, wanted: made.append(name)

    produce(Campaign.model_validate(campaign), folder, 1, progress)
    return sorted(set(made))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("campaign")
    assert run(where) == ["qcd", "sideband"]
    return where


def test_what_is_there_is_kept_and_what_changed_is_made(folder: Path) -> None:
    before = (folder / "qcd.root").stat().st_mtime_ns
    changed = CAMPAIGN["samples"] | {"sideband": CAMPAIGN["samples"]["sideband"] | {"events": 21}}
    assert run(folder) == []
    assert run(folder, CAMPAIGN | {"samples": changed}) == ["sideband"]
    assert (folder / "qcd.root").stat().st_mtime_ns == before
    assert run(folder) == ["sideband"]


def test_samples_are_described_for_searches(folder: Path) -> None:
    table = yaml.safe_load((folder / "samples.yaml").read_text())["samples"]
    told = json.loads((folder / "qcd.root.json").read_text())
    assert table["qcd"]["role"] == table["mock"]["role"] == "background"
    assert table["qcd"]["luminosity"] == pytest.approx(0.06 / told["cross_section_pb"], rel=1e-5)
    assert table["sideband"]["role"] == "signal"
    assert table["sideband"]["mass"] == 3000
    assert 0 < table["sideband"]["acceptance"] < 0.5


def test_sideband_has_jets_far_apart(folder: Path) -> None:
    eta = read(folder / "sideband.root")["jet_eta"]
    assert ak.all(abs(eta[:, 0] - eta[:, 1]) > 1.398)


def test_mock_data_are_events_of_the_samples(folder: Path) -> None:
    mock, qcd = read(folder / "mock.root"), read(folder / "qcd.root")
    background = mock["truth_label"] == 0
    assert len(np.unique(mock["event"])) == len(mock["event"])
    assert set(mock["run"]) == {3}
    assert set(qcd["run"]) == {1}
    assert ak.all(mock["weight"] == 1)
    originals = {tuple(jets) for jets in ak.to_list(qcd["jet_pt"])}
    assert {tuple(jets) for jets in ak.to_list(mock["jet_pt"][background])} <= originals
    assert 0 < ak.sum(background) < 60
    assert ak.sum(~background) > 0


def test_mock_data_follow_cross_section_and_luminosity(folder: Path, tmp_path: Path) -> None:
    """Over many seeds the mean is the expectation, within three of its errors."""
    sample = {"qcd": Ingredient(folder / "qcd.root", 60, 1.0)}
    drawn = [draw_mock_data(sample, 20, seed, 9, tmp_path / "mock.root") for seed in range(10)]
    assert np.mean(drawn) == pytest.approx(20, abs=3 * np.sqrt(20 / 10))


def test_more_mock_data_than_events_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(MaplessError, match="of qcd, which has 60; simulate more"):
        draw_mock_data({"qcd": Ingredient(folder / "qcd.root", 60, 1.0)}, 500, 1, 9, tmp_path / "mock.root")
    with pytest.raises(MaplessError, match="which has 60; simulate more"):
        draw_mock_data({"qcd": Ingredient(folder / "qcd.root", 60, 1.0)}, 1e30, 1, 9, tmp_path / "mock.root")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samples": {"a": {"process": "nothing", "events": 1}}}, "sample a: no process 'nothing'"),
        ({"parameters": {"mjj": 1}}, "sample qcd: qcd mjj: no such parameter"),
        ({"mock_data": {"m": {"luminosity": 1, "samples": ["b"]}}}, "mock data m: no sample is called 'b'"),
        (
            {"mock_data": {"qcd": {"luminosity": 1, "samples": ["qcd"]}}},
            "mock data qcd: .*, and would be lost",
        ),
        ({"mock_data": {"m": {"luminosity": 1, "samples": ["qcd", "qcd"]}}}, "m: qcd is there twice"),
        (
            {"mock_data": {"m": {"luminosity": 1, "samples": ["qcd"], "signals": {"qcd": 1}}}},
            "m: qcd is there twice",
        ),
        ({"parameters": {"run": 7}}, "samples qcd and sideband have the same run"),
        ({"samples": {name: SAME for name in "ab"}}, "samples a and b hold the same events"),
    ],
)
def test_impossible_campaigns_end_before_anything_is_made(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(MaplessError, match=message):
        run(tmp_path / "out", CAMPAIGN | change)
    assert not (tmp_path / "out").exists()


def test_negative_cross_sections_are_refused() -> None:
    mock = {"luminosity": 1, "samples": ["qcd"], "signals": {"sideband": -5}}
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        Campaign.model_validate(CAMPAIGN | {"mock_data": {"m": mock}})


def test_other_detector_is_part_of_the_recipe() -> None:
    better = Campaign.model_validate(CAMPAIGN | {"detector": {"jet_mass_resolution": 0.05}})
    usual = Campaign.model_validate(CAMPAIGN)
    assert better.recipes()["qcd"].key != usual.recipes()["qcd"].key


def test_the_radius_of_jets_is_said_where_it_is_another() -> None:
    def recipe(**parameters: Any) -> Any:
        sample = {"process": "qcd", "events": 1, "parameters": parameters}
        return Campaign.model_validate({"samples": {"qcd": sample}}).recipes()["qcd"]

    usual, named, wider = recipe(), recipe(jet_radius=0.8), recipe(jet_radius=1.0)
    assert usual.key == named.key != wider.key
    assert usual.process.jet_criteria.radius == 0.8
    assert wider.process.jet_criteria.radius == 1.0
    assert wider.as_dict()["parameters"]["jet_radius"] == 1.0
