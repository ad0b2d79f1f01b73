"""Batch jobs of a search for SLURM and HTCondor: plain files that the user submits, one job for each part.

A job needs this folder of the project, the input files and the folder of the results, and no open port. It
writes its stages into a folder of its own and a mark when it is through, so that what is submitted again is
what has none.
"""

import shlex
from dataclasses import dataclass
from pathlib import Path

from analysis.engine.json_file import read_json, write_json
from errors import MaplessError

PROJECT = Path(__file__).parents[2]
JOBS, PARTS, THROUGH = "jobs", "parts", "through"
COMMAND = "command.json"


@dataclass(frozen=True)
class Resources:
    """What a job asks for: cores, memory (GB) and time (hours)."""

    cores: int = 2
    memory: int = 4
    hours: int = 8


@dataclass(frozen=True)
class BatchJobs:
    """Jobs that share the work of one command, which understands `--part` and `--output`.

    Args:
        output: folder of the results; jobs write below its folder `parts`.
        command: arguments of `run_analysis.py`.
        number: of jobs.
        settings: a checksum of what the command reads from its configuration.
    """

    output: Path
    command: tuple[str, ...]
    number: int
    settings: str = ""

    @classmethod
    def stored(cls, output: Path) -> "BatchJobs":
        """Those that were written last; MaplessError if there are none."""
        file = output / JOBS / COMMAND
        if not file.is_file():
            raise MaplessError(f"{output} has no jobs; write them with submit")
        content = read_json(file)
        return cls(output, tuple(content["command"]), content["number"], content["settings"])

    @property
    def folder(self) -> Path:
        """Where the files of the jobs lie."""
        return self.output.absolute() / JOBS

    def part_folders(self) -> list[Path]:
        """Where the jobs write, of those that have begun."""
        folders = [self.output.absolute() / PARTS / str(part) for part in range(1, self.number + 1)]
        return [folder for folder in folders if folder.is_dir()]

    @property
    def unfinished(self) -> list[int]:
        """Parts of which no job is through."""
        return [
            part for part in range(1, self.number + 1) if not (self.folder / THROUGH / str(part)).exists()
        ]

    def write(self, resources: Resources) -> None:
        """Write the script of the jobs and a file to submit for each system, for all that are not through.

        Marks of another command, configuration or number of jobs are taken away first; files of earlier jobs
        are replaced.
        """
        (self.folder / THROUGH).mkdir(parents=True, exist_ok=True)
        if (self.folder / COMMAND).is_file() and BatchJobs.stored(self.output) != self:
            for mark in (self.folder / THROUGH).iterdir():
                mark.unlink()
        content = {"command": self.command, "number": self.number, "settings": self.settings}
        write_json(self.folder / COMMAND, content)
        script = self.folder / "job.sh"
        script.write_text(self._script(resources))
        script.chmod(0o755)
        if self.unfinished:
            (self.folder / "slurm.sh").write_text(self._slurm(resources))
            (self.folder / "htcondor.sub").write_text(self._htcondor(resources))

    def _script(self, resources: Resources) -> str:
        run = shlex.join([str(PROJECT / "run_analysis.py"), *self.command])
        return f"""#!/usr/bin/env bash
# Part $1 of {self.number}
set -euo pipefail
part=$1
source {shlex.quote(str(PROJECT / "setup.sh"))}
{run} --part "$part/{self.number}" --threads {resources.cores} \\
    --output {shlex.quote(str(self.output.absolute() / PARTS))}/"$part"
touch {shlex.quote(str(self.folder / THROUGH))}/"$part"
"""

    def _slurm(self, resources: Resources) -> str:
        parts = ",".join(map(str, self.unfinished))
        return f"""#!/usr/bin/env bash
#SBATCH --job-name=mapless
#SBATCH --array={parts}
#SBATCH --cpus-per-task={resources.cores}
#SBATCH --mem={resources.memory}G
#SBATCH --time={resources.hours}:00:00
#SBATCH --output={self.folder}/%a.log
exec {shlex.quote(str(self.folder / "job.sh"))} "$SLURM_ARRAY_TASK_ID"
"""

    def _htcondor(self, resources: Resources) -> str:
        parts = ", ".join(map(str, self.unfinished))
        return f"""universe = vanilla
executable = {self.folder}/job.sh
arguments = $(part)
request_cpus = {resources.cores}
request_memory = {resources.memory}GB
+MaxRuntime = {resources.hours * 3600}
should_transfer_files = NO
output = {self.folder}/$(part).log
error = {self.folder}/$(part).log
log = {self.folder}/htcondor.log
queue part in ({parts})
"""
