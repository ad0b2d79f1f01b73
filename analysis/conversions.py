"""Which files of a sample are fetched or converted before anything reads them."""

from zlib import crc32

from analysis.engine.stage import Stage
from analysis.sample import Sample
from analysis.stages.convert import conversion_name, convert, fetch_name
from analysis.stages.fetch import fetch, is_on_web
from errors import MaplessError
from selections.conversion.inputs import is_foreign

_RUNS_OF_A_SAMPLE, _SAMPLES = 2**10, 2**21  # together below 2**32


def conversions(sample: Sample) -> dict[str, Stage]:
    """What is done first to every part of a sample that needs it, by name: copies, conversions.

    Files without run numbers are numbered apart from those of other samples, since events are told apart by
    them.
    Raises MaplessError for a part that has other files as well.
    """
    found: dict[str, Stage] = {}
    first_run = 1 + _RUNS_OF_A_SAMPLE * (crc32(sample.name.encode()) % _SAMPLES)
    for number, part in enumerate(sample.parts):
        foreign = [file for file in part.files if is_foreign(file)]
        if foreign and len(foreign) < len(part.files):
            raise MaplessError(
                f"{sample.name}: {foreign[0]} has to be converted, others have not; make two parts of them"
            )
        copied = {}
        if any(is_on_web(file) for file in part.files):
            name = fetch_name(sample.name, number)
            copied[name] = Stage(name, fetch, {"files": part.files})
        found |= copied
        if foreign:
            arguments = {"files": part.files, "jets": part.jets, "first_run": first_run}
            name = conversion_name(sample.name, number)
            found[name] = Stage(name, convert, arguments, copied)
        first_run += len(part.files)
    return found
