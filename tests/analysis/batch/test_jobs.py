"""Jobs that share limits: each alone as a batch system runs it, merged, and finished as one run would be."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis import searches
from analysis.batch.jobs import BatchJobs, Resources
from analysis.batch.merge import merge_stages
from analysis.batch.part import Part
from analysis.engine.job import Tools
from analysis.engine.output_folder import claimed
from analysis.engine.running import run_stages
from analysis.pipeline import Pipeline
from errors import MaplessError
from tests.analysis import toy_search

CONFIGURATION = """
search: tests.analysis.toy_search
data: background
samples:
  background: {role: background, files: [background.root], luminosity: 10}
"""


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    folder = tmp_path_factory.mktemp("jobs")
    toy_search.write_background(folder / "background.root", 3000, 1)
    (folder / "toy.yaml").write_text(CONFIGURATION)
    return Pipeline(searches.load(None, folder / "toy.yaml"))


def test_trainings_of_two_jobs_are_those_of_one_run(pipeline: Pipeline, tmp_path: Path) -> None:
    parts = [tmp_path / "parts" / number for number in "12"]
    for number, part in enumerate(parts, start=1):
        with claimed(part):
            run_stages(pipeline.trainings(Part(number, 2), part), part, Tools())
    with claimed(tmp_path / "all"):
        assert merge_stages(parts, tmp_path / "all") == 3  # one selection, two trainings
        assert merge_stages(parts, tmp_path / "all") == 0
    assert all(stage.is_done(tmp_path / "all") for stage in pipeline.stages("train", tmp_path / "all"))


def test_a_part_without_a_training_is_refused(pipeline: Pipeline, tmp_path: Path) -> None:
    with pytest.raises(MaplessError, match="--part 3/3: there are 2 trainings to share"):
        pipeline.trainings(Part(3, 3), tmp_path)


def test_a_damaged_stage_is_not_merged(pipeline: Pipeline, tmp_path: Path) -> None:
    part, all_of_them = tmp_path / "part", tmp_path / "all"
    with claimed(part):
        (stage,) = (one for one in pipeline.stages("select", part) if one.name.startswith("select"))
        run_stages([stage], part, Tools())
    cutflow = stage.folder(part) / "cutflow.json"
    cutflow.write_text(cutflow.read_text().replace("3", "4"))
    with claimed(all_of_them), pytest.raises(MaplessError, match="is not what was written"):
        merge_stages([part], all_of_them)
    assert not list(all_of_them.glob("stages/*"))


def _fake_project(folder: Path) -> Path:
    """A command that fails for part 2 as long as there is no file `answers`."""
    folder.mkdir()
    (folder / "setup.sh").write_text("true\n")
    command = folder / "run_analysis.py"
    command.write_text(
        '#!/bin/sh\necho "$@" >> "$0.log"\ncase "$*" in *2/3*) test -e "$(dirname "$0")/answers";; esac\n'
    )
    command.chmod(0o755)
    return folder


def test_only_what_failed_is_submitted_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = _fake_project(tmp_path / "a project")
    monkeypatch.setattr("analysis.batch.jobs.PROJECT", project)
    jobs = BatchJobs(tmp_path / "out", ("limits", "cms-dijet", "--set", "windows=[B3]"), 3)
    jobs.write(Resources(cores=4, memory=6, hours=2))
    slurm = (jobs.folder / "slurm.sh").read_text()
    assert (
        "#SBATCH --array=1,2,3\n#SBATCH --cpus-per-task=4\n#SBATCH --mem=6G\n#SBATCH --time=2:00:00" in slurm
    )
    ended = [_submitted(jobs.folder / "slurm.sh", part) for part in (1, 2, 3)]
    assert ended == [0, 1, 0]
    assert "--set 'windows=[B3]' --part 2/3 --threads 4" not in slurm
    jobs.write(Resources())
    assert "--array=2\n" in (jobs.folder / "slurm.sh").read_text()
    assert "queue part in (2)" in (jobs.folder / "htcondor.sub").read_text()
    (project / "answers").touch()
    assert _submitted(jobs.folder / "slurm.sh", 2) == 0
    assert BatchJobs.stored(tmp_path / "out").unfinished == []
    assert (
        "limits cms-dijet --set windows=[B3] --part 2/3 --threads 2"
        in (project / "run_analysis.py.log").read_text()
    )


@pytest.mark.parametrize("changed", [{"command": ("limits", "atlas-dijet")}, {"settings": "edited"}])
def test_another_command_or_configuration_begins_anew(
    changed: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.batch.jobs.PROJECT", _fake_project(tmp_path / "project"))
    jobs = BatchJobs(tmp_path / "out", ("limits", "cms-dijet"), 1)
    jobs.write(Resources())
    assert _submitted(jobs.folder / "slurm.sh", 1) == 0 and jobs.unfinished == []
    jobs.write(Resources(cores=8))
    assert jobs.unfinished == []
    other = replace(jobs, **changed)
    other.write(Resources())
    assert other.unfinished == [1]


def test_htcondor_reads_its_file(tmp_path: Path) -> None:
    htcondor = pytest.importorskip("htcondor2")
    jobs = BatchJobs(tmp_path / "out", ("limits", "cms-dijet"), 3)
    jobs.write(Resources())
    submit = htcondor.Submit((jobs.folder / "htcondor.sub").read_text())
    assert submit["request_cpus"] == "2" and submit["executable"] == f"{jobs.folder}/job.sh"
    assert submit.getQArgs() == "part in (1, 2, 3)"


def _submitted(script: Path, part: int) -> int:
    environment = os.environ | {"SLURM_ARRAY_TASK_ID": str(part)}
    return subprocess.run(["bash", str(script)], env=environment, check=False).returncode
