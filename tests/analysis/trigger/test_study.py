"""`trigger study` from files of events to numbers, plot and model, on embedded signals."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from analysis.commands.trigger_study import numbers, run_study
from analysis.trigger.study import StudyOptions
from errors import MaplessError
from firmware.routes.resources import FPGA_LUTS
from firmware.trigger_model import TriggerModel

SAMPLES = Path(__file__).parents[3] / "analysis" / "samples"
SETTINGS = [
    "model=little",
    f"sample.files.level1_zero_bias={SAMPLES / 'level1_h_to_4b.root'}",
    "sample.signals=[level1_ttbar]",
    "training.fraction=0.5",
    "training.epochs=2",
    "training.batch_size=64",
]
pytestmark = pytest.mark.usefixtures("small_network")
OPTIONS = StudyOptions((4,), (0.0, 0.6), rate=5000.0, lut_budget=50_000, seeds=(1, 2))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, small_network):
    output = tmp_path_factory.mktemp("study")
    run_study(None, SETTINGS, OPTIONS, output)
    return output / "study"


def test_a_study_leaves_numbers_plot_and_the_chosen_model(folder):
    content = json.loads((folder / "study.json").read_text())
    assert [point["name"] for point in content["points"]] == [
        "floating_point", "bits4_sparsity0", "bits4_sparsity60",
    ]  # fmt: skip
    dense, pruned = content["points"][1:]
    assert pruned["luts"] < dense["luts"] < FPGA_LUTS["xc7vx690tffg1927-2"]
    for pruned_once, dense_once in zip(pruned["trainings"], dense["trainings"], strict=True):
        assert pruned_once["zeros"] > 0.59 > dense_once["zeros"]
    assert content["chosen_seed"] in content["seeds"] == [1, 2]
    assert content["chosen"] in content["front"]
    assert TriggerModel.load(folder / "model").name == content["chosen"]
    assert (folder / "plots" / "study.pdf").stat().st_size > 1000


def test_the_same_study_again_is_kept(folder, capsys):
    run_study(None, SETTINGS, OPTIONS, folder.parent)
    told = capsys.readouterr().out
    assert "kept from an earlier run" in told
    assert "chosen" in told
    assert "means over seeds [1, 2]" in told
    assert "±" in told


def test_bad_options_give_one_line(tmp_path):
    with pytest.raises(MaplessError, match="--bits 'four' is no list of numbers"):
        numbers("--bits", "four", int)
    with pytest.raises(MaplessError, match="there is no quantisation study of cicada_v1p1p2; choose one of"):
        run_study(None, ["model=cicada_v1p1p2"], StudyOptions((4,), (0.0,)), tmp_path)
    assert not list(tmp_path.iterdir())


def test_bits_to_learn_need_the_extra_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.setattr("firmware.training.hgq2.find_spec", lambda name: None)
    with pytest.raises(MaplessError, match="MAPLESS_EXTRAS=hgq2 source setup.sh"):
        run_study(None, SETTINGS, StudyOptions((4,), (0.0,), betas=(1e-6,)), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(find_spec("hgq") is None, reason="the extra hgq2 is not installed")
def test_networks_that_learn_their_bits_are_points_of_the_study(tmp_path):
    run_study(None, SETTINGS, StudyOptions((4,), (0.0,), rate=5000.0, betas=(1e-6,)), tmp_path)
    *_, learnt = json.loads((tmp_path / "study" / "study.json").read_text())["points"]
    assert (learnt["name"], learnt["beta0"]) == ("hgq2_beta1e_06", 1e-6)
    assert 0 < learnt["luts"] < FPGA_LUTS["xc7vx690tffg1927-2"]
