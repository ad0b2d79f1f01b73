"""`trigger study` from files of events to numbers, plot and model, on embedded signals."""

import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from analysis.commands.trigger_study import numbers, run_study
from analysis.trigger.study import StudyOptions
from errors import MaplessError
from firmware.routes.resources import FPGA_LUTS, estimate
from firmware.routes.rtl import write_rtl
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
OPTIONS = StudyOptions((4,), (0.6,), rate=5000.0, lut_budget=50_000, seeds=(1, 2))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, small_network):
    output = tmp_path_factory.mktemp("study")
    run_study(None, SETTINGS, OPTIONS, output)
    return output / "study"


def test_a_study_leaves_numbers_plot_and_the_chosen_model(folder):
    content = json.loads((folder / "study.json").read_text())
    dense, pruned = content["points"]
    assert (dense["name"], pruned["name"]) == ("floating_point", "bits4_sparsity60")
    assert dense["luts"] is None
    assert 0 < pruned["luts"] < FPGA_LUTS["xc7vx690tffg1927-2"]
    assert all(training["zeros"] > 0.59 for training in pruned["trainings"])
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
    assert "LUTs: estimate without place-and-route, by alkaid" in told


def test_luts_of_a_study_are_those_of_the_verilog(folder, tmp_path):
    content = json.loads((folder / "study.json").read_text())
    training = next(one for one in content["points"][1]["trainings"] if one["seed"] == content["chosen_seed"])
    assert training["luts"] == estimate(write_rtl(TriggerModel.load(folder / "model"), tmp_path / "rtl")).luts


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rate": -1.0}, "a rate of -1 kHz is impossible"),
        ({"bits": (4, 1)}, "weights of 1 bits are impossible"),
        ({"sparsities": (0.5, 1.0)}, "a sparsity of 1 is impossible"),
        ({"seeds": (1, 1)}, "must be different and from 0 up"),
        ({"seeds": (-1,)}, "must be different and from 0 up"),
        ({"reference": Path("nowhere")}, "nowhere holds no trigger model to compare with"),
    ],
)
def test_impossible_options_are_refused_before_anything_runs(options, message, tmp_path):
    with pytest.raises(MaplessError, match=message):
        run_study(None, SETTINGS, replace(OPTIONS, **options), tmp_path)
    assert not list(tmp_path.iterdir())


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
