"""Firmware of a saved model in one step, from the shell and from Python."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from firmware.build import main

SCRIPT = Path(__file__).parents[2] / "firmware" / "build.sh"


@pytest.fixture
def saved(tiny_trigger_model, tiny_hardware, tmp_path) -> tuple[str, str]:
    tiny_trigger_model.save(tmp_path / "model")
    np.save(tmp_path / "events.npy", tiny_hardware)
    return str(tmp_path / "model"), str(tmp_path / "events.npy")


@pytest.mark.physics
def test_the_script_builds_everything_and_says_what_it_left_out(saved, tmp_path):
    done = subprocess.run(
        [SCRIPT, *saved, tmp_path / "out"], capture_output=True, text=True, check=False, cwd=tmp_path
    )

    assert done.returncode == 0, done.stderr
    assert "QKeras = RTL simulation in 100.00% of events" in done.stdout
    assert "synthesis: left out, vitis-run is not installed here" in done.stdout
    assert (tmp_path / "out/hls4ml/emulator/GTADModel_tiny.so").is_file()
    assert (tmp_path / "out/hls4ml/build_prj.tcl").is_file()
    assert (tmp_path / "out/rtl/src/tiny.v").is_file()


def test_a_folder_without_model_is_one_line(saved, tmp_path, capsys):
    assert main([str(tmp_path), saved[1], str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_an_unknown_backend_leaves_nothing(saved, tmp_path, capsys):
    assert main([*saved, str(tmp_path / "out"), "--backend", "Verilog"]) == 1
    assert "use one of Vitis, Vivado, Catapult, Quartus" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
