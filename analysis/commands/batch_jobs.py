"""Writes batch jobs and merges what they have made, from the command line."""

import shlex
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from rich.console import Console

from analysis import searches
from analysis.batch.jobs import BatchJobs, Resources
from analysis.batch.merge import merge_stages
from analysis.engine.output_folder import claimed
from analysis.limit_search import LimitSearch
from analysis.pipeline import Pipeline


def write_jobs(
    work: str,
    name: str | None,
    config: Path | None,
    overrides: Sequence[str],
    output: Path | None,
    jobs: int,
    resources: Resources,
    unblind: bool,
) -> None:
    """Write the files of the jobs, and say how to submit them and what follows.

    Raises MaplessError for a search that cannot be, before any job finds out.
    """
    settings = searches.load(name, config, tuple(overrides))
    plan = Pipeline(settings, unblind).plan
    trainings = {chain.train.key for chain in plan.chains}
    number = len(trainings if work == "train" else LimitSearch(settings, unblind).signals)
    output = output or Path("results") / settings.search
    given = [*([name] if name else []), *(["--config", str(config.absolute())] if config else [])]
    given += [one for override in overrides for one in ("--set", override)] + ["--unblind"] * unblind
    checksum = sha256(settings.model_dump_json().encode()).hexdigest()
    written = BatchJobs(output, (work, *given), min(jobs, number), checksum)
    with claimed(output):
        written.write(resources)
    then = ["run" if work == "train" else work, *given, "--output", str(output)]
    lines = [f"{len(written.unfinished)} of {written.number} jobs to do, for {number} {_WHAT[work]}."]
    if written.unfinished:
        lines += [f"sbatch {written.folder}/slurm.sh", f"condor_submit {written.folder}/htcondor.sub"]
    lines += [f"Then: ./run_analysis.py merge {output}", f"      ./run_analysis.py {shlex.join(then)}"]
    for line in lines:
        Console().print(line, soft_wrap=True, highlight=False, markup=False)


def merge_jobs(output: Path) -> None:
    """Merge what jobs have finished, and say which are not through."""
    jobs = BatchJobs.stored(output)
    with claimed(output):
        copied = merge_stages(jobs.part_folders(), output)
    console = Console()
    console.print(f"{copied} stages of {jobs.number - len(jobs.unfinished)} jobs put together.")
    if jobs.unfinished:
        console.print(f"Not through: {', '.join(map(str, jobs.unfinished))}; submit writes these again.")


_WHAT = {"train": "trainings", "limits": "signals"}
