"""Stage `convert`: files that ROOT does not read into one that it does, before anything looks at them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from analysis.engine.job import Job, Tools
from analysis.sample import SamplePart

CONVERTED = "converted.root"


def convert(job: Job, tools: Tools) -> None:  # noqa: ARG001
    """Write `converted.root`, some events at a time.

    Arguments: `files`, the `jets` to make of particles alone, and `first_run`, the run of the first file
    where files hold none.
    """
    from selections.conversion.convert import to_root

    arguments = job.arguments
    to_root(
        arguments["files"],
        job.folder / CONVERTED,
        jets=arguments["jets"],
        first_run=arguments["first_run"],
    )


def conversion_name(sample: str, number: int) -> str:
    """Name of the conversion of part 0, 1, ... of a sample."""
    return f"convert-{sample}-{number + 1}"


def converted_parts(
    sample: str, parts: tuple[SamplePart, ...], after: Mapping[str, Path]
) -> tuple[SamplePart, ...]:
    """The parts of a sample with what their files were converted to, by the folders of earlier stages."""
    names = [conversion_name(sample, number) for number in range(len(parts))]
    return tuple(
        replace(part, files=(after[name] / CONVERTED,)) if name in after else part
        for name, part in zip(names, parts, strict=True)
    )
