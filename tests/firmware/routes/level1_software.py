"""The part of the CMS Level-1 software that calls emulators, compiled from `level1_software.cpp`."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np

from firmware.routes.emulator import build_emulator
from firmware.routes.project import Project

DRIVER = Path(__file__).with_suffix(".cpp")


class Level1Software:
    """The program with the emulators of one network on objects and one on regions beside it."""

    def __init__(self, folder: Path, of_objects: Project, of_regions: Project) -> None:
        self.folder = folder
        folder.mkdir()
        for project in (of_objects, of_regions):
            shutil.copy(build_emulator(project), folder)
        headers = [of_objects.folder / "emulator", of_objects.folder / "firmware" / "ap_types"]
        includes = [f"-I{header}" for header in headers]
        command = ["g++", "-std=c++17", *includes, str(DRIVER), "-ldl", "-o", "software"]
        subprocess.run(command, cwd=folder, check=True)

    def run(self, *arguments: str, events: np.ndarray) -> "subprocess.CompletedProcess[str]":
        """Run it on rows of objects followed by regions."""
        return subprocess.run(
            ["./software", *arguments],
            cwd=self.folder,
            env=os.environ | {"LD_LIBRARY_PATH": str(self.folder)},
            input="\n".join(" ".join(map(str, event)) for event in events.tolist()),
            capture_output=True,
            text=True,
            check=False,
        )


def numbers_read(done: "subprocess.CompletedProcess[str]") -> tuple[np.ndarray, np.ndarray]:
    """Read what it printed: score in menu units and the rest of the pair of each event; scores of regions."""
    lines = [np.array(line.split(), float) for line in done.stdout.splitlines()]
    return np.array(lines[::2]), np.concatenate(lines[1::2])
