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


def model_of(*layers, name="bad") -> TriggerModel:
    return trigger(keras.Sequential([keras.Input((3,)), *layers]), name)


def trigger(network, name="bad") -> TriggerModel:
    return TriggerModel(name, network, IntegerScaling.identity(3), (3,))


def shared_layer() -> TriggerModel:
    inputs, twice = keras.Input((3,)), dense(3)
    x = cast()(twice(cast()(twice(cast()(inputs)))))
    return trigger(keras.Model(inputs, cast()(dense(1)(x))))


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
    "shared layer": (shared_layer, r"'q_dense\w*' is used more than once"),
    "no identifier": (lambda: model_of(cast(), dense(1, name="1st"), cast()), "layer '1st': use letters"),
    "a word of C++": (
        lambda: model_of(cast(), dense(1, name="class"), cast()),
        "'class': this is a word of C",
    ),
    "a word of hls4ml": (lambda: model_of(cast(), dense(1, name="input"), cast()), "a word of hls4ml"),
    "no bits": (
        lambda: model_of(cast(), dense(1), QActivation(quantized_bits(0, 0))),
        "has no bit for a value",
    ),
    "a lone sign": (
        lambda: model_of(cast(), dense(1, kernel_quantizer=quantized_bits(1, 0, alpha=1)), cast()),
        "has no bit for a value",
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


@pytest.mark.parametrize("bias", ["zeros", "ones"])
def test_a_constant_score_is_no_firmware(bias, tmp_path):
    constant = model_of(cast(), dense(1, kernel_initializer="zeros", bias_initializer=bias), cast())
    with pytest.raises(MaplessError, match="'bad' gives every event the same score"):
        write_rtl(constant, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["module", "logic", "class", "1st", "é", "my trigger", ""])
def test_model_names_that_cpp_or_verilog_refuse_are_named(name):
    with pytest.raises(MaplessError, match=f"trigger model '{name}'"):
        model_of(cast(), dense(1), cast(), name=name)


def test_a_trigger_has_one_score():
    inputs = keras.Input((3,))
    x = cast()(inputs)
    with pytest.raises(MaplessError, match="1 inputs and 2 outputs"):
        trigger(keras.Model(inputs, [cast()(dense(1)(x)), cast()(dense(1)(x))]))
    with pytest.raises(MaplessError, match="gives 2 numbers per event"):
        model_of(cast(), dense(2), cast())


def test_weights_that_are_not_finite_are_named():
    network = model_of(cast(), dense(1, name="sums"), cast()).network
    network.get_layer("sums").set_weights([np.full((3, 1), np.inf), np.zeros(1)])
    with pytest.raises(MaplessError, match="weights of layer 'sums' are not finite"):
        trigger(network)


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


@pytest.fixture(scope="module")
def project(tiny_trigger_model, tiny_hardware, tmp_path_factory):
    return write_project(tiny_trigger_model, tmp_path_factory.mktemp("project") / "out", tiny_hardware)


def test_missing_tools_are_named(project, tiny_hardware, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))

    with pytest.raises(MaplessError, match="'vitis-run' is not installed.*the project is complete"):
        project.synthesise()
    with pytest.raises(MaplessError, match="C simulation of 'tiny' needs 'bash'"):
        project.simulate(tiny_hardware)


def test_a_missing_compiler_is_named(project, tiny_hardware, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    for program in ("bash", "make"):
        (tmp_path / "bin" / program).symlink_to(str(shutil.which(program)))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    with pytest.raises(MaplessError, match=r"C simulation of 'tiny' needs 'g\+\+'"):
        project.simulate(tiny_hardware)
    with pytest.raises(MaplessError, match=r"emulator of 'tiny' needs 'g\+\+'"):
        build_emulator(project)


def test_a_compiler_that_fails_leaves_its_reasons(project, tiny_hardware, tmp_path):
    shutil.copytree(project.folder, tmp_path / "out")
    project = load_project(tmp_path / "out")
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
    np.save(tmp_path / "wide.npy", np.array([[0, 2**63]], np.uint64))
    with pytest.raises(MaplessError, match="wide.npy: 9223372036854775808 is beyond"):
        read_events(tmp_path / "wide.npy")
    (tmp_path / "cut.npy").write_bytes((tmp_path / "wide.npy").read_bytes()[:-3])
    for file in ("none.npy", "cut.npy"):
        with pytest.raises(MaplessError, match="holds no events"):
            read_events(tmp_path / file)
