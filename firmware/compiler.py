"""The C++ compiler, and one clear line when it or its sources fail."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from errors import MaplessError


def run_tool(
    command: Sequence[str], folder: Path, *, what: str, environment: Mapping[str, str] | None = None
) -> str:
    """Run a program in a folder and give what it printed.

    `what` names the step in errors.

    Raises:
        MaplessError: the program is missing or fails; its whole output is left in `folder/TOOL.log`.
    """
    if shutil.which(command[0], path=(environment or os.environ).get("PATH")) is None:
        raise MaplessError(f"{what} needs {command[0]!r}, which is not installed; put it on PATH")
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, errors="replace"
    )
    output = done.stdout + done.stderr
    if done.returncode == 0:
        return output
    log = folder / f"{Path(command[0]).name}.log"
    log.write_text(output)
    raise MaplessError(f"{what} failed ({command[0]} exit code {done.returncode}); the reason is in {log}")
