"""What cannot become firmware gives one clear line, and leaves nothing behind."""

import shutil

import keras
import numpy as np
import pytest
from qkeras import QActivation, QDense, quantized_bits, quantized_relu

from errors import MaplessError
from firmware.build import read_events
from firmware.integer_scaling import IntegerScaling
from firmware.routes.emulator import Emulator, build_emulator
from firmware.routes.project import load_project, write_project
from firmware.routes.rtl import write_rtl
from firmware.trigger_model import TriggerModel

WEIGHTS = quantized_bits(6, 2, alpha=1)


def dense(units: int, **options):
    return QDense(units, **{"kernel_quantizer": WEIGHTS, "bias_quantizer": WEIGHTS, **options})


def model_of(*layers) -> TriggerModel:
    return TriggerModel(
        "bad", keras.Sequential([keras.Input((3,)), *layers]), IntegerScaling.identity(3), (3,)
    )


def cast() -> QActivation:
    return QActivation(quantized_bits(8, 5))


BAD = {
    "float layer": (
        lambda: model_of(cast(), keras.layers.Dense(1), cast()),
        r"'dense\w*' \(Dense\) has no firm",
    ),
    "dropout": (lambda: model_of(cast(), keras.layers.Dropout(0.1), dense(1), cast()), "Dropout"),
    "input without type": (lambda: model_of(dense(1), cast()), "takes the input without a type"),
    "score without type": (lambda: model_of(cast(), dense(1)), "gives the score without a type"),
    "hidden activation": (lambda: model_of(cast(), dense(1, activation="relu"), cast()), "activation inside"),
    "float weights": (
        lambda: model_of(cast(), dense(1, kernel_quantizer=None), cast()),
        "no fixed-point type",
    ),
    "leaky": (
        lambda: model_of(cast(), dense(1), QActivation(quantized_relu(8, 4, negative_slope=0.25))),
        "no fixed-point type",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_networks_without_firmware_are_refused(case, tmp_path):
    build, message = BAD[case]
    hardware = np.zeros((2, 3), int)
    with pytest.raises(MaplessError, match=message):
        write_project(build(), tmp_path / "out", hardware)
    with pytest.raises(MaplessError, match=message):
        write_rtl(build(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_unknown_backend_is_refused(tiny_trigger_model, tiny_hardware, tmp_path):
    with pytest.raises(MaplessError, match="'HLS' is not supported; use one of Vitis, Vivado"):
        write_project(tiny_trigger_model, tmp_path / "out", tiny_hardware, backend="HLS")


def test_a_namespace_that_cpp_would_refuse_is_refused(tiny_trigger_model, tiny_hardware, tmp_path):
    with pytest.raises(MaplessError, match="'my trigger' is no C"):
        write_project(tiny_trigger_model, tmp_path / "out", tiny_hardware, namespace="my trigger")


def test_test_vectors_of_another_shape_leave_nothing(tiny_trigger_model, tmp_path):
    with pytest.raises(MaplessError, match="wants events of shape"):
        write_project(tiny_trigger_model, tmp_path / "out", np.zeros((2, 5), int))
    with pytest.raises(MaplessError, match="no events for the testbench"):
        write_project(tiny_trigger_model, tmp_path / "out", np.zeros((0, 6), int))
    assert list(tmp_path.iterdir()) == []


def test_missing_tools_are_named(tiny_trigger_model, tiny_hardware, tmp_path, monkeypatch):
    project = write_project(tiny_trigger_model, tmp_path / "out", tiny_hardware)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))

    with pytest.raises(MaplessError, match="'vitis-run' is not installed.*the project is complete"):
        project.synthesise()
    with pytest.raises(MaplessError, match="C simulation of 'tiny' needs 'bash'"):
        project.simulate(tiny_hardware)


def test_a_missing_compiler_is_named(tiny_trigger_model, tiny_hardware, tmp_path, monkeypatch):
    project = write_project(tiny_trigger_model, tmp_path / "out", tiny_hardware)
    (tmp_path / "bin").mkdir()
    for program in ("bash", "make"):
        (tmp_path / "bin" / program).symlink_to(str(shutil.which(program)))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    with pytest.raises(MaplessError, match=r"C simulation of 'tiny' needs 'g\+\+'"):
        project.simulate(tiny_hardware)
    with pytest.raises(MaplessError, match=r"emulator of 'tiny' needs 'g\+\+'"):
        build_emulator(project)


def test_a_compiler_that_fails_leaves_its_reasons(tiny_trigger_model, tiny_hardware, tmp_path):
    project = write_project(tiny_trigger_model, tmp_path / "out", tiny_hardware)
    (project.folder / "firmware" / "tiny.cpp").write_text("this is no C++")

    with pytest.raises(MaplessError, match="C simulation of 'tiny' failed") as error:
        project.simulate(tiny_hardware)

    assert str(project.folder / "bash.log") in str(error.value)
    assert "this is no C++" in (project.folder / "bash.log").read_text()


def test_what_was_not_built_cannot_be_opened(tmp_path):
    with pytest.raises(MaplessError, match="holds no firmware project"):
        load_project(tmp_path)
    with pytest.raises(MaplessError, match="no emulator"):
        Emulator(tmp_path / "none.so")


def test_events_must_be_integers(tmp_path):
    np.save(tmp_path / "floats.npy", np.ones((2, 3)))
    with pytest.raises(MaplessError, match="holds no integers"):
        read_events(tmp_path / "floats.npy")
    with pytest.raises(MaplessError, match="holds no events"):
        read_events(tmp_path / "none.npy")
