"""Stage `convert`: files that ROOT does not read into one that it does, before anything looks at them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from analysis.engine.job import Job, Tools
from analysis.sample import SamplePart
from analysis.stages.fetch import copies

CONVERTED = "converted.root"


def convert(job: Job, tools: Tools) -> None:  # noqa: ARG001
    """Write `converted.root`, some events at a time.

    Where some files are on the web, a stage before has copied them. Arguments: `files`, the `jets` to make of
    particles alone, and `first_run`, the run of the first file where files hold none.
    """
    from selections.conversion.convert import to_root

    arguments, files = job.arguments, job.arguments["files"]
    for folder in job.after.values():
        files = copies(files, folder)
    to_root(
        [Path(file) for file in files],
        job.folder / CONVERTED,
        jets=arguments["jets"],
        first_run=arguments["first_run"],
    )


def conversion_name(sample: str, number: int) -> str:
    """Name of the conversion of part 0, 1, ... of a sample."""
    return f"convert-{sample}-{number + 1}"


def fetch_name(sample: str, number: int) -> str:
    """Name of the copies of part 0, 1, ... of a sample."""
    return f"fetch-{sample}-{number + 1}"


def converted_parts(
    sample: str, parts: tuple[SamplePart, ...], after: Mapping[str, Path]
) -> tuple[SamplePart, ...]:
    """The parts of a sample with their files as earlier stages, by folder, copied or converted them."""

    def files(number: int, part: SamplePart) -> tuple[Path | str, ...]:
        if (name := conversion_name(sample, number)) in after:
            return (after[name] / CONVERTED,)
        if (name := fetch_name(sample, number)) in after:
            return copies(part.files, after[name])
        return part.files

    return tuple(replace(part, files=files(number, part)) for number, part in enumerate(parts))
