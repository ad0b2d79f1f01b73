"""Jobs of a real SLURM share trainings, one of them is killed, and what they made is what one run makes."""

import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.analysis import toy_search

PROJECT = Path(__file__).parents[2]
CONFIGURATION = """
search: tests.analysis.toy_search
data: background
samples:
  background: {role: background, files: [background.root], luminosity: 10}
"""


def _answers() -> bool:
    return bool(shutil.which("sinfo")) and bool(_told("sinfo", "-h", check=False).strip())


def _told(*command: str, check: bool = True) -> str:
    return subprocess.run(command, check=check, capture_output=True, text=True).stdout


def _submitted(script: Path) -> str:
    return re.findall(r"\d+", _told("sbatch", str(script)))[0]


def _wait(job: str) -> None:
    while _told("squeue", "-h", "-j", job, check=False).strip():
        time.sleep(0.5)


@pytest.mark.skipif(not _answers(), reason="no SLURM cluster answers; see tests/services/README.md")
def test_a_killed_job_is_submitted_again_and_nothing_is_lost(tmp_path: Path) -> None:
    toy_search.write_background(tmp_path / "background.root", 3000, 1)
    (tmp_path / "toy.yaml").write_text(CONFIGURATION)
    search = ("--config", str(tmp_path / "toy.yaml"), "--output", str(tmp_path / "out"))
    mapless = str(PROJECT / "run_analysis.py")
    share = (mapless, "submit", "train", *search, "--jobs", "2", "--cores", "1", "--memory", "2")
    _told(*share)
    job = _submitted(tmp_path / "out" / "jobs" / "slurm.sh")
    while not (tmp_path / "out" / "parts" / "2" / "stages").exists():  # at work
        time.sleep(0.2)
    _told("scancel", "--signal=KILL", "--full", f"{job}_2")
    _wait(job)
    assert "1 of 2 jobs to do" in _told(*share)
    _wait(_submitted(tmp_path / "out" / "jobs" / "slurm.sh"))
    assert "0 of 2 jobs to do" in _told(*share)
    assert "3 stages of 2 jobs put together" in _told(mapless, "merge", str(tmp_path / "out"))
    kept = _told(mapless, "train", *search)
    assert kept.count("kept from an earlier run") == 3
