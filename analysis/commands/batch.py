"""The verbs for many machines: `submit` and `merge`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.options import Overrides
from analysis.commands.results import Results
from analysis.commands.search import ConfigFile, SearchName, Unblind


class Shared(StrEnum):
    """What jobs share."""

    train = "train"
    limits = "limits"


def submit(
    work: Annotated[Shared, typer.Argument(help="Trainings of detectors, or limits on signals.")],
    search: SearchName = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
    jobs: Annotated[int, typer.Option(min=1, max=100_000, help="How many share the work.")] = 10,
    cores: Annotated[int, typer.Option(min=1, max=1024, help="Of each job.")] = 2,
    memory: Annotated[int, typer.Option(min=1, help="Of each job, in GB.")] = 4,
    hours: Annotated[int, typer.Option(min=1, help="Of each job.")] = 8,
    output: Annotated[Path | None, typer.Option(help="Folder of the results, which jobs can reach.")] = None,
    unblind: Unblind = False,
) -> None:
    """Write batch jobs for SLURM and HTCondor that share the work; again, for those that are not through."""
    from analysis.batch.jobs import Resources
    from analysis.commands.batch_jobs import write_jobs

    write_jobs(
        work, search, config, tuple(overrides or ()), output, jobs, Resources(cores, memory, hours), unblind
    )


def merge(output: Results = Path("results/cms-dijet")) -> None:
    """Put the stages of batch jobs together, from which `run` or `limits` goes on."""
    from analysis.commands.batch_jobs import merge_jobs

    merge_jobs(output)
