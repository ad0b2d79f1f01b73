"""The set-up script: quick when done, clear when it cannot help."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
SHELLS = [shell for shell in ("bash", "zsh") if shutil.which(shell)]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A copy of the project whose environment is the one the tests run in."""
    for name in ("setup.sh", "requirements.lock"):
        shutil.copy(REPOSITORY / name, tmp_path)
    environment = Path(os.environ.get("VIRTUAL_ENV", REPOSITORY / ".venv"))
    (tmp_path / ".venv").mkdir()
    shutil.copy(REPOSITORY / "requirements.lock", tmp_path / ".venv")
    for part in ("bin", "lib"):
        (tmp_path / ".venv" / part).symlink_to(environment / part)
    return tmp_path


def _source(
    shell: str, folder: Path, after: str = "true", **environment: str
) -> subprocess.CompletedProcess[str]:
    command = [shell, "-c", f"source {folder}/setup.sh && {after}"]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)


@pytest.mark.parametrize("shell", SHELLS)
def test_sourcing_again_takes_under_a_second_and_exports_the_headers(shell: str, installed: Path) -> None:
    start = time.perf_counter()
    result = _source(shell, installed, "echo $ROOT_INCLUDE_PATH; echo $LD_LIBRARY_PATH")
    assert time.perf_counter() - start < 1
    assert f"{installed}/selections/cpp" in result.stdout
    assert "fastjet/include" in result.stdout
    assert "fastjet/lib64" in result.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_a_wrong_python_is_one_line_that_says_what_to_do(shell: str, tmp_path: Path) -> None:
    for name in ("setup.sh", "requirements.lock"):
        shutil.copy(REPOSITORY / name, tmp_path)
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("g++", "dirname", "cmp", "sh", "bash", "zsh"):
        if shutil.which(tool):
            (tools / tool).symlink_to(shutil.which(tool))
    for python in ("python3", "python3.13", "python3.12", "python3.11"):
        (tools / python).write_text("#!/bin/sh\nexit 1\n")
        (tools / python).chmod(0o755)
    result = _source(shell, tmp_path, PATH=str(tools))
    assert result.returncode != 0
    assert result.stderr.startswith("mapless: needs Python 3.11, 3.12 or 3.13")
    assert result.stderr.count("\n") == 1
    (tools / "g++").unlink()
    result = _source(shell, tmp_path, PATH=str(tools))
    assert "no C++ compiler" in result.stderr
    assert result.stderr.count("\n") == 1
