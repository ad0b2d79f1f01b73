"""`trigger run` from files of events to page, model and firmware, and `trigger verify` of what it built."""

import json
from pathlib import Path

import numpy as np
import pytest

from analysis.commands.trigger_firmware import verify_model
from analysis.commands.trigger_run import run_trigger
from analysis.trigger.configuration import load_trigger_configuration
from errors import MaplessError
from firmware.trigger_model import TriggerModel
from selections import level1

SAMPLES = Path(__file__).parents[3] / "analysis" / "samples"
ZERO_BIAS, TTBAR = SAMPLES / "level1_h_to_4b.root", SAMPLES / "level1_ttbar.root"
SETTINGS = [
    "model=little",
    f"sample.files.level1_zero_bias={ZERO_BIAS}",
    f"sample.files.level1_ttbar={TTBAR}",
    "sample.signals=[level1_ttbar]",
    "training.fraction=0.5",
    "training.epochs=2",
    "training.batch_size=64",
    "rates.targets=[5000]",
    "firmware.n_events=200",
]


@pytest.fixture(scope="module")
def output(tmp_path_factory, small_network):
    folder = tmp_path_factory.mktemp("trigger")
    run_trigger(None, SETTINGS, folder)
    return folder


def test_rates_and_efficiencies_are_those_of_the_model_it_leaves(output):
    results = json.loads((output / "results.json").read_text())
    (point,) = results["working_points"]
    model = TriggerModel.load(output / "model")
    threshold = point["rate"]["threshold"]
    zero_bias, signal = (
        model.score(level1.read(file).inputs("objects"))
        for file in (ZERO_BIAS, SAMPLES / "level1_ttbar.root")
    )
    held_out = zero_bias[len(zero_bias) // 2 :]
    assert point["rate"]["rate"] == pytest.approx(np.mean(held_out >= threshold) * 2544 * 11.2456, rel=1e-4)
    assert point["rate"]["rate"] <= 5000
    assert point["menu_threshold"] == 16 * threshold
    assert point["efficiencies"]["level1_ttbar"]["value"] == pytest.approx(np.mean(signal >= threshold))


def test_every_pair_of_routes_agrees_in_every_event(output):
    firmware = json.loads((output / "results.json").read_text())["firmware"]
    assert firmware["n_events_compared"] == 200
    assert len(firmware["agreements"]) == 6
    assert {agreement["fraction"] for agreement in firmware["agreements"]} == {1.0}
    assert "estimates without place-and-route" in (output / "report.html").read_text().replace("\n", " ")


def test_the_firmware_it_leaves_can_be_verified_on_other_events(output, capsys):
    (build,) = (output / "stages").glob("build-*")
    verify_model(build, TTBAR, max_events=100)
    assert capsys.readouterr().out.count("100.00%") == 6
    record = json.loads((build / "hls4ml" / "project.json").read_text())
    assert record["verification"]["passed"] and record["verification"]["n_events"] == 100


def test_objects_of_a_wrong_number_give_one_line(output, tmp_path):
    (build,) = (output / "stages").glob("build-*")
    np.save(tmp_path / "events.npy", np.zeros((3, 56), np.int32))
    with pytest.raises(MaplessError, match=r"wants events of shape \(57,\), not \(56,\)"):
        verify_model(build, tmp_path / "events.npy", max_events=3)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("model=axol2tl", "choose from axol1tl"),
        ("sample.signals=[level1_unicorn]", "no signal 'level1_unicorn'"),
        ("training.epoch=3", "training.epoch"),
        ("training.outliers=[level1_ttbar]", "is not among sample.signals"),
        ("rates.targets=[10, -1]", "rates.*a rate of -1 kHz is impossible"),
        ("rates.targets=[.nan]", "rates.targets.*finite number"),
        ("rates.targets=[30000]", "rates.*choose one above 0 and up to 28609 kHz"),
        ("firmware={reuse_factor: 4, initiation_interval: 2}", "no event can follow after 2 clocks"),
        ("firmware={backend: Quartus, yosys: true}", "Yosys counts no cells of 'Arria10'"),
        ("firmware.version=v 7", "firmware.version"),
        ("firmware={backend: Catapult, initiation_interval: 2}", "needs backend Vitis or Vivado"),
    ],
)
def test_impossible_settings_name_their_key(setting, message):
    with pytest.raises(MaplessError, match=message):
        load_trigger_configuration(None, (*SETTINGS[2:3], "sample.signals=[level1_h_to_4b]", setting))
