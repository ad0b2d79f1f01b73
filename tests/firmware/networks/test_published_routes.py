"""Deployed CMS triggers on every route to firmware, against the scores of the CMS code."""

import json
from pathlib import Path

import numpy as np
import pytest

from firmware.networks.published import read_published
from firmware.routes.project import write_project
from firmware.routes.resources import estimate, synthesise
from firmware.routes.rtl import RtlProject, write_rtl
from firmware.verify import verify
from tests.firmware.routes.level1_software import Level1Software, numbers_read


def axol1tl_reference(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    rows = np.genfromtxt(folder / "axol1tl_v3_reference_scores.csv", delimiter=",", names=True)
    inputs = np.array([rows[name] for name in rows.dtype.names[:57]]).T
    return inputs.astype(int), rows["score_v3"]


def cicada_reference(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    with np.load(folder / "cicada_v1_reference_scores.npz") as arrays:
        images, scores = (arrays[name] for name in arrays.files)
    return images.reshape(-1, 18, 14).astype(int), scores.reshape(-1)


@pytest.fixture(scope="module")
def axol1tl_rtl(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> RtlProject:
    model = read_published("axol1tl_v3", shared_data / "l1_trigger" / "axol1tl_v3_weights.npz")
    return write_rtl(model, tmp_path_factory.mktemp("axol1tl") / "rtl")


@pytest.mark.physics
def test_axol1tl_v3_equals_cms_on_every_route(shared_data, axol1tl_rtl, tmp_path):
    hardware, expected = axol1tl_reference(shared_data / "l1_trigger")
    project = write_project(axol1tl_rtl.model, tmp_path / "hls4ml", hardware)

    verification = verify(project, axol1tl_rtl, hardware)

    assert all(np.array_equal(scores, expected) for scores in verification.scores.values())


@pytest.mark.physics
def test_cicada_v1_equals_cms_on_every_route(shared_data, tmp_path):
    model = read_published("cicada_v1", shared_data / "l1_trigger" / "cicada_v1_weights.npz")
    hardware, expected = cicada_reference(shared_data / "l1_trigger")
    project, rtl = write_project(model, tmp_path / "hls4ml", hardware), write_rtl(model, tmp_path / "rtl")

    verification = verify(project, rtl, hardware)

    assert all(np.array_equal(scores, expected) for scores in verification.scores.values())


@pytest.mark.physics
def test_the_level_1_software_reads_the_scores_of_cms_from_both(shared_data, tmp_path):
    folder = shared_data / "l1_trigger"
    (objects, of_objects), (regions, of_regions) = axol1tl_reference(folder), cicada_reference(folder)
    projects = [
        write_project(read_published(name, folder / f"{name}_weights.npz"), tmp_path / name, events)
        for name, events in (("axol1tl_v3", objects), ("cicada_v1", regions))
    ]
    n = min(len(objects), len(regions))
    level1_units = objects[:n].copy()
    level1_units[:, ::3] *= 2  # momenta in 0.5 GeV
    events = np.hstack([level1_units, regions[:n].reshape(n, -1)])

    software = Level1Software(tmp_path / "software", *projects)
    done = software.run("GTADModel_v3", "57", "CICADAModel_v1", "252", "v1p0p0", events=events)

    read, scores = numbers_read(done)
    assert np.array_equal(read[:, 0], of_objects[:n] * 16)
    assert np.array_equal(scores, of_regions[:n])


@pytest.mark.physics
def test_axol1tl_v3_takes_a_few_percent_of_the_global_trigger_fpga(axol1tl_rtl):
    quick, synthesised = estimate(axol1tl_rtl), synthesise(axol1tl_rtl)
    assert 0.02 < synthesised.fraction_of("xc7vx690tffg1927-2") < 0.06  # published after Vivado: about 2 %
    assert 0.5 < quick.luts / synthesised.luts < 1.5
    assert json.loads((axol1tl_rtl.folder / "resources.json").read_text())["design"]["num_cells"] > 10_000
