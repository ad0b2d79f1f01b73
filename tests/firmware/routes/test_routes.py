"""Every route of a trigger model gives the same score in every event."""

import re
import shutil
import subprocess
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from errors import MaplessError
from firmware.routes.emulator import Emulator, build_emulator
from firmware.routes.emulator_sources import EXPORTED
from firmware.routes.project import Project, load_project, write_project
from firmware.routes.project_record import read_record
from firmware.routes.resources import ESTIMATE, estimate, synthesise
from firmware.routes.rtl import RtlProject, write_rtl
from firmware.routes.target import Target, yosys_family
from firmware.trigger_model import TriggerModel
from firmware.verify import compare_routes, verify
from tests.firmware.conftest import build_tiny_trigger_model
from tests.firmware.models import build_convolutional_model, build_latent_autoencoder, hardware_integers

other_architectures = pytest.mark.parametrize(
    ("build", "low", "high"), [(build_convolutional_model, 0, 80), (build_latent_autoencoder, -300, 800)]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("firmware")


@pytest.fixture(scope="module")
def project(tiny_trigger_model: TriggerModel, tiny_hardware: np.ndarray, folder: Path) -> Project:
    return write_project(tiny_trigger_model, folder / "hls4ml", tiny_hardware)


@pytest.fixture(scope="module")
def emulator(project: Project) -> Emulator:
    return Emulator(build_emulator(project))


@pytest.fixture(scope="module")
def rtl(tiny_trigger_model: TriggerModel, folder: Path) -> RtlProject:
    return write_rtl(tiny_trigger_model, folder / "rtl")


def test_all_four_routes_agree_in_every_event(project, rtl, tiny_trigger_model):
    hardware = hardware_integers(tiny_trigger_model, 3000, -400, 400)

    verification = verify(project, rtl, hardware)

    assert list(verification.scores) == ["QKeras", "C simulation", "emulator", "RTL simulation"]
    assert {agreement.fraction for agreement in verification.agreements} == {1.0}
    assert len(verification.agreements) == 6
    assert len(np.unique(verification.scores["QKeras"])) > 1000
    mark = read_record(project.folder)["verification"]
    assert mark["passed"] and mark["n_events"] == 3000 and mark["routes"] == list(verification.scores)
    for file in (
        "emulator/GTADModel_tiny.so",
        "firmware/tiny.cpp",
        "firmware/weights/w3.h",
        "../rtl/src/tiny.v",
    ):
        assert mark["files"][file] == sha256((project.folder / file).read_bytes()).hexdigest()


def test_a_project_whose_routes_differ_is_marked_so(
    project, rtl, tiny_trigger_model, tiny_hardware, monkeypatch
):
    routes = {"QKeras": tiny_trigger_model.score, "wrong": lambda hardware: np.zeros(len(hardware))}
    monkeypatch.setattr("firmware.verify.firmware_routes", lambda project, rtl: routes)
    before = read_record(project.folder)
    with pytest.raises(MaplessError, match="QKeras and wrong agree in"):
        verify(project, rtl, tiny_hardware)
    marked = read_record(project.folder)
    assert not marked["verification"]["passed"]
    assert marked | {"verification": None} == before | {"verification": None}


def test_one_different_event_fails_the_gate_and_is_named(tiny_trigger_model, tiny_hardware):
    def wrong_once(hardware):
        scores = tiny_trigger_model.score(hardware)
        scores[7] += 0.0625
        return scores

    verification = compare_routes({"QKeras": tiny_trigger_model.score, "wrong": wrong_once}, tiny_hardware)

    assert verification.agreements[0].fraction == 1 - 1 / 200
    with pytest.raises(MaplessError, match=r"QKeras and wrong agree in 99\.5000% .* event 7"):
        verification.require_exact()


@other_architectures
def test_other_architectures_are_exact_as_cpp_and_as_distributed_arithmetic(build, low, high, tmp_path):
    model = build()
    hardware = hardware_integers(model, 2000, low, high)
    project, rtl = write_project(model, tmp_path / "hls4ml", hardware), write_rtl(model, tmp_path / "rtl")

    routes = {"QKeras": model.score, "C simulation": project.simulate, "arithmetic": rtl.interpret}
    verification = compare_routes(routes, hardware)

    verification.require_exact()
    assert len(np.unique(verification.scores["QKeras"])) > 100


def test_two_emulators_of_one_name_keep_their_weights_in_one_process(emulator, tiny_hardware, tmp_path):
    other = build_tiny_trigger_model(seed=5)
    second = Emulator(build_emulator(write_project(other, tmp_path / "second", tiny_hardware)))
    before = emulator.score(tiny_hardware)

    assert np.array_equal(second.score(tiny_hardware), other.score(tiny_hardware))
    assert np.array_equal(emulator.score(tiny_hardware), before)
    assert not np.array_equal(before, second.score(tiny_hardware))


def test_emulator_exports_its_interface_and_nothing_else(project):
    library = build_emulator(project)
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True
    )
    assert {line.split()[-1] for line in listed.stdout.splitlines()} == set(EXPORTED)


def test_emulator_wants_all_inputs(emulator):
    with pytest.raises(MaplessError, match="wants 6 integers per event, not 5"):
        emulator.score(np.zeros((3, 5), dtype=int))


def test_testbench_holds_real_events_and_their_scores(project, tiny_trigger_model, tiny_hardware):
    vectors = {file.stem: np.loadtxt(file) for file in (project.folder / "tb_data").glob("*.dat")}

    assert np.array_equal(vectors["hardware_integers"], tiny_hardware[:100])
    assert np.array_equal(vectors["tb_input_features"], tiny_trigger_model.scaled(tiny_hardware[:100]))
    assert np.array_equal(vectors["tb_output_predictions"], tiny_trigger_model.score(tiny_hardware[:100]))


def test_a_project_can_be_opened_again(project, tiny_hardware):
    again = load_project(project.folder)
    assert replace(again, model=project.model).__dict__ == replace(project).__dict__
    assert np.array_equal(again.model.score(tiny_hardware), project.model.score(tiny_hardware))


def test_a_project_whose_model_was_exchanged_is_refused(project, tmp_path):
    shutil.copytree(project.folder, tmp_path / "project", ignore=shutil.ignore_patterns("ap_types"))
    build_tiny_trigger_model(seed=5).save(tmp_path / "project" / "trigger_model")
    with pytest.raises(MaplessError, match="is not what the project was made of"):
        load_project(tmp_path / "project")


def test_fpga_clock_and_pace_reach_every_route(tiny_trigger_model, tiny_hardware, tmp_path):
    target = Target("xcvu13p-flga2577-2-e", clock_period=2.5, reuse_factor=2, initiation_interval=4)
    project = write_project(tiny_trigger_model, tmp_path / "hls4ml", tiny_hardware, target=target)
    rtl = write_rtl(tiny_trigger_model, tmp_path / "rtl", target=target)

    assert load_project(project.folder).target == target
    told = (project.folder / "project.tcl").read_text()
    assert 'set part "xcvu13p-flga2577-2-e"' in told and "set clock_period 2.5" in told
    parameters = (project.folder / "firmware" / "parameters.h").read_text()
    assert re.findall(r"reuse_factor = (\d+)", parameters) == ["2"] * 3
    assert "#pragma HLS PIPELINE II=4" in (project.folder / "firmware" / "tiny.cpp").read_text()
    assert "xcvu13p-flga2577-2-e" in (rtl.folder / "build_vivado_prj.tcl").read_text()
    assert "2.5" in (rtl.folder / "src" / "tiny.xdc").read_text()
    assert yosys_family(rtl.part) == "xcup"


@pytest.mark.parametrize(
    ("options", "backend", "message"),
    [
        ({"clock_period": float("nan")}, "Vitis", "clock period of nan ns is impossible"),
        ({"reuse_factor": 0}, "Vitis", "reuse factor of 0 is impossible"),
        ({"reuse_factor": 4, "initiation_interval": 2}, "Vitis", "no event can follow after 2 clocks"),
        ({"initiation_interval": 2}, "Quartus", "needs backend Vitis or Vivado"),
        ({}, "HLS", "'HLS' is not supported"),
    ],
)
def test_impossible_targets_are_refused(options, backend, message):
    with pytest.raises(MaplessError, match=message):
        Target(**options).complete(backend)


def test_verilog_takes_no_integer_beyond_its_ports(rtl):
    with pytest.raises(MaplessError, match="overflow"):
        rtl.interpret([[0, 0, 0, 0, 0, 5000]])


def test_resources_are_labelled_as_estimates(rtl):
    quick, synthesised = estimate(rtl), synthesise(rtl)

    assert ESTIMATE in str(quick) and ESTIMATE in str(synthesised)
    assert 0.5 < quick.luts / synthesised.luts < 2
    assert synthesised.logic_cells < synthesised.luts
    assert 0 < synthesised.flip_flops <= quick.flip_flops
    assert "ns" not in str(quick).split()


@pytest.mark.physics
@pytest.mark.parametrize("backend", ["Vivado", "Catapult", "Quartus"])
def test_other_backends_are_exact(backend, tiny_trigger_model, tiny_hardware, tmp_path):
    project = write_project(tiny_trigger_model, tmp_path / backend, tiny_hardware, backend=backend)
    assert np.array_equal(project.simulate(tiny_hardware), tiny_trigger_model.score(tiny_hardware))


@pytest.mark.physics
@other_architectures
def test_other_architectures_agree_on_all_routes(build, low, high, tmp_path):
    model = build()
    hardware = hardware_integers(model, 5000, low, high)
    project, rtl = write_project(model, tmp_path / "hls4ml", hardware), write_rtl(model, tmp_path / "rtl")
    verify(project, rtl, hardware)  # raises where two differ


@pytest.mark.physics
def test_the_testbench_reproduces_its_predictions(project):
    sources = [f"{project.model.name}_test.cpp", f"firmware/{project.model.name}.cpp"]
    compile_ = ["g++", "-O1", "-std=c++17", "-Ifirmware/ap_types", *sources, "-o", "testbench"]
    subprocess.run(compile_, cwd=project.folder, check=True)
    subprocess.run(["./testbench"], cwd=project.folder, check=True, capture_output=True)

    results = np.loadtxt(project.folder / "tb_data" / "csim_results.log")
    expected = np.loadtxt(project.folder / "tb_data" / "tb_output_predictions.dat")
    np.testing.assert_allclose(results, expected, rtol=1e-5)  # the log has six digits


@pytest.mark.physics
def test_a_wrong_adder_in_the_verilog_is_found(tiny_trigger_model, tiny_hardware, tmp_path):
    rtl = write_rtl(tiny_trigger_model, tmp_path / "rtl")
    adder = rtl.folder / "src/static/shift_adder.v"
    adder.write_text(adder.read_text().replace("assign accum = in0_ext + in1_ext", "assign accum = in0_ext"))

    routes = {"QKeras": tiny_trigger_model.score, "RTL simulation": rtl.simulate}

    with pytest.raises(MaplessError, match="QKeras and RTL simulation agree in"):
        compare_routes(routes, tiny_hardware).require_exact()
