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
def test_deactivate_takes_back_what_was_exported_however_often_it_was_sourced(
    shell: str, installed: Path
) -> None:
    names = ("ROOT_INCLUDE_PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "KERAS_BACKEND", "PATH")
    show = "; ".join(f"echo {name}=${{{name}-unset}}" for name in names)
    own = {"PYTHONPATH": "/mine", "LD_LIBRARY_PATH": "", "PATH": "/usr/bin:/bin"}
    clean = {name: value for name, value in os.environ.items() if name not in (*names, "VIRTUAL_ENV")} | own
    again = f"source {installed}/setup.sh && deactivate && {show}"
    command = [shell, "-c", f"source {installed}/setup.sh && {again}"]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=clean)
    assert result.stdout.splitlines()[-5:] == [
        "ROOT_INCLUDE_PATH=unset",
        "LD_LIBRARY_PATH=unset",
        "PYTHONPATH=/mine",
        "KERAS_BACKEND=unset",
        "PATH=/usr/bin:/bin",
    ]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_link_to_the_script_finds_the_project(shell: str, installed: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "setup.sh").symlink_to(installed / "setup.sh")
    result = _source(shell, elsewhere, "echo $ROOT_INCLUDE_PATH")
    assert f"{installed}/selections/cpp" in result.stdout
    assert not (elsewhere / ".venv").exists()


@pytest.mark.skipif(not shutil.which("dash"), reason="needs dash")
def test_another_shell_is_told_so_in_one_line(installed: Path) -> None:
    command = ["dash", "-c", f". {installed}/setup.sh"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert result.stderr == "mapless: source setup.sh in bash or zsh; this shell is neither\n"


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
