"""The C++ compiler, and one clear line when it or its sources fail."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from errors import MaplessError
from firmware.folders import files_by_tools


def run_tool(
    command: Sequence[str],
    folder: Path,
    *,
    what: str,
    needs: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a program in a folder and give what it printed.

    Args:
        command: program and arguments.
        folder: where it runs.
        what: names the step in errors.
        needs: further programs that it calls.
        environment: variables, by default those of this process.

    Raises:
        MaplessError: a program is missing, or it fails; its whole output is then in `folder/PROGRAM.log`.
    """
    path = (environment or os.environ).get("PATH")
    for program in (command[0], *needs):
        if shutil.which(program, path=path) is None:
            raise MaplessError(f"{what} needs {program!r}, which is not installed; put it on PATH")
    with files_by_tools(folder):
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            errors="replace",
        )
        output = done.stdout + done.stderr
        if done.returncode == 0:
            return output
        log = folder / f"{Path(command[0]).name}.log"
        log.write_text(output)
    raise MaplessError(f"{what} failed ({command[0]} exit code {done.returncode}); the reason is in {log}")
