"""Emulators called as the CMS Level-1 software calls them: by name, with its types, in its units."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from errors import MaplessError
from firmware.integer_scaling import IntegerScaling
from firmware.networks import axol1tl, cicada
from firmware.networks.published import PUBLISHED
from firmware.routes.emulator import Emulator
from firmware.routes.level1_interface import OBJECTS, REGIONS, interface_of, library_name, result_types
from firmware.routes.project import Project, write_project
from firmware.trigger_model import TriggerModel
from tests.firmware.conftest import build_tiny_trigger_model
from tests.firmware.models import build_convolutional_model, hardware_integers
from tests.firmware.routes.level1_software import Level1Software, numbers_read

N_EVENTS = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("level1")


@pytest.fixture(scope="module")
def of_objects(folder: Path) -> Project:
    """Eight latent means: read as versions 3 and 4 of AXOL1TL are."""
    model = build_tiny_trigger_model(6, 8)
    return write_project(model, folder / "objects", np.zeros((1, 6), int), version="v3")


@pytest.fixture(scope="module")
def of_regions(folder: Path) -> Project:
    return write_project(build_convolutional_model(), folder / "regions", np.zeros((1, 6, 4), int))


@pytest.fixture(scope="module")
def level1(of_objects: Project, of_regions: Project, folder: Path) -> Level1Software:
    """The software with both emulators, and that of objects under the name of a later version too."""
    software = Level1Software(folder / "software", of_objects, of_regions)
    shutil.copy(software.folder / "GTADModel_v3.so", software.folder / "GTADModel_v6.so")
    return software


@pytest.fixture(scope="module")
def hardware(of_objects: Project, of_regions: Project) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Level-1 objects, regions, and both side by side."""
    objects = hardware_integers(of_objects.model, N_EVENTS, -40, 250)
    objects[:, ::3] = np.abs(objects[:, ::3])  # momenta
    regions = hardware_integers(of_regions.model, N_EVENTS, 0, 40)
    return objects, regions, np.hstack([objects, regions.reshape(N_EVENTS, -1)])


def means(model: TriggerModel, hardware: np.ndarray) -> np.ndarray:
    import keras

    encoder = keras.Model(model.network.inputs, model.network.get_layer("latent_type").output)
    return encoder.predict(model.scaled(hardware).astype(np.float32), verbose=0)


def test_the_software_reads_both_triggers_in_one_process(level1, of_objects, of_regions, hardware):
    objects, regions, both = hardware
    done = level1.run("GTADModel_v3", "6", "CICADAModel_regions_only", "24", "vXp1p2", events=both)
    assert done.returncode == 0, done.stderr

    read, scores = numbers_read(done)
    menu_scale = interface_of(of_objects.model).menu_scale
    assert np.array_equal(read[:, 0], of_objects.model.score(objects) * menu_scale)
    assert np.array_equal(read[:, 1:], means(of_objects.model, objects))
    assert np.array_equal(scores, of_regions.model.score(regions))
    assert len(np.unique(read[:, 0])) > 100 and len(np.unique(scores)) > 100


@pytest.mark.parametrize("module", ["v2p0p0", "vXp1p1"])
def test_other_names_are_read_as_later_versions_are(module, level1, of_objects, of_regions, hardware):
    objects, regions, both = hardware
    done = level1.run("GTADModel_v6", "6", "CICADAModel_regions_only", "24", module, events=both[:50])
    read, scores = numbers_read(done)
    expected = of_objects.model.score(objects[:50])
    assert np.array_equal(read, np.stack([expected * 16, expected], axis=1))
    assert np.array_equal(scores, of_regions.model.score(regions[:50]))


def test_a_type_that_cannot_hold_the_score_is_refused_by_name(level1, hardware):
    done = level1.run("GTADModel_v3", "6", "CICADAModel_regions_only", "24", "v1p0p0", events=hardware[2][:1])
    assert done.returncode == 1
    assert "CICADAModel_regions_only takes a pointer to ap_uint<10> or ap_ufixed<10,10>" in done.stderr
    assert "ap_ufixed<16,8,AP_RND_CONV,AP_SAT> or its own score" in done.stderr


def test_integers_that_level_1_cannot_hand_over_are_refused(level1):
    objects, regions = (
        Emulator(level1.folder / f"{name}.so") for name in ("GTADModel_v3", "CICADAModel_regions_only")
    )
    objects.score([[4095, -4096, 4095, 0, 0, 0]])
    regions.score(np.full((1, 6, 4), 1023))
    with pytest.raises(MaplessError, match="event 1: a hardware integer overflows"):
        objects.score([[0, 0, 0, 0, 0, 0], [0, 0, 4096, 0, 0, 0]])
    with pytest.raises(MaplessError, match="event 0: a hardware integer overflows"):
        objects.score([[2**62, 0, 0, 0, 0, 0]])
    for wrong in (-1, 1024, 2**32):
        with pytest.raises(MaplessError, match="event 0: a hardware integer overflows"):
            regions.score(np.full((1, 6, 4), wrong))


def test_a_changed_header_is_compiled_again_and_nothing_else(level1, of_objects):
    emulator = of_objects.folder / "emulator"
    assert subprocess.run(["make", "-q"], cwd=emulator, check=False).returncode == 0
    (of_objects.folder / "firmware" / "weights" / "w3.h").touch()
    todo = subprocess.run(["make", "-n"], cwd=emulator, capture_output=True, text=True, check=True).stdout
    assert "-o network.o" in todo and "-shared" in todo
    assert "-o emulator.o" not in todo


SCALE = """
#include "input_scaling.h"
#include <cstdio>
#include <iostream>

int main() {
    hls4ml_tiny::input_scaling::level1_t level1[6];
    for (double x; std::cin >> x;) {
        level1[0] = x;
        for (int i = 1; i < 6; ++i) { std::cin >> x; level1[i] = x; }
        for (int i = 0; i < 6; ++i)
            std::printf("%.10g ", hls4ml_tiny::input_scaling::scaled(level1[i], i).to_double());
    }
}
"""


@pytest.mark.parametrize("step", [0.5, 1.0])
def test_input_scaling_takes_gev_to_the_units_of_the_model(step, of_objects, tmp_path):
    """Without a loss: momenta in halves of the model's unit keep their last bit, as CMS's networks do."""
    model = replace(of_objects.model, momentum_step=step)
    project = write_project(model, tmp_path / "project", np.zeros((1, 6), int))
    (project.folder / "firmware" / "scale.cpp").write_text(SCALE)
    command = ["g++", "-std=c++17", "-Iap_types", "-I.", "scale.cpp", "-o", "scale"]
    subprocess.run(command, cwd=project.folder / "firmware", check=True)
    objects = hardware_integers(model, 100, -200, 800)
    in_gev = objects * np.resize([0.5, 1, 1], 6)
    in_own_units = objects * np.resize([0.5 / step, 1, 1], 6)
    done = subprocess.run(
        [project.folder / "firmware" / "scale"],
        input=" ".join(map(str, in_gev.ravel().tolist())),
        capture_output=True,
        text=True,
        check=True,
    )
    found = np.array(done.stdout.split(), float).reshape(-1, 6)
    steps = 2.0**model.scaling.fraction_bits
    expected = np.floor((in_own_units - model.scaling.offset) * steps / 2.0**model.scaling.shift) / steps
    assert np.array_equal(found, expected)


def model_of(network, input_shape) -> TriggerModel:
    n_inputs = int(np.prod(input_shape))
    return TriggerModel("any", network, IntegerScaling.identity(n_inputs), input_shape)


@pytest.mark.parametrize(
    ("version", "pairs"),
    [("axol1tl_v3", 2), ("axol1tl_v4", 2), ("axol1tl_v5", 1)],
)
def test_published_networks_on_objects_give_what_the_software_reads(version, pairs):
    model = model_of(PUBLISHED[version].network(), (axol1tl.N_INPUTS,))
    assert interface_of(model) is OBJECTS
    assert len(result_types(model)) == pairs
    assert all(name.endswith("ap_ufixed<18,14>>") for name in result_types(model))
    assert library_name(model, version.removeprefix("axol1tl_")) == f"GTADModel_{version[-2:]}"


@pytest.mark.parametrize(
    ("version", "type_"),
    [
        ("cicada_v1", "ap_fixed<11,5>"),
        ("cicada_v1p1p2", "ap_ufixed<16,8,AP_RND_CONV,AP_SAT>"),
        ("cicada_v2", "ap_ufixed<16,8>"),
    ],
)
def test_published_networks_on_regions_give_what_the_software_reads(version, type_):
    model = model_of(PUBLISHED[version].network(), cicada.REGIONS)
    assert interface_of(model) is REGIONS
    assert type_ in result_types(model)
    assert ("ap_fixed<11,5>" in result_types(model)) == (version == "cicada_v1")


def test_a_name_from_which_means_are_read_needs_means():
    without = build_tiny_trigger_model(6, 2)
    with pytest.raises(MaplessError, match="from GTADModel_v3 the level-1 software reads 8 latent means"):
        library_name(without, "v3")
    assert library_name(without, "v7") == "GTADModel_v7"
    with pytest.raises(MaplessError, match="'v 7' is no name"):
        library_name(without, "v 7")
