"""Which files of a sample are converted before anything reads them."""

from zlib import crc32

from analysis.engine.stage import Stage
from analysis.sample import Sample
from analysis.stages.convert import conversion_name, convert
from errors import MaplessError
from selections.conversion.inputs import is_foreign

_RUNS_OF_A_SAMPLE, _SAMPLES = 2**10, 2**21  # together below 2**32


def conversions(sample: Sample) -> dict[str, Stage]:
    """The conversion of every part of a sample that needs one, by name.

    Files without run numbers are numbered apart from those of other samples, since events are told apart by
    them.
    Raises MaplessError for a part that has other files as well.
    """
    found, first_run = {}, 1 + _RUNS_OF_A_SAMPLE * (crc32(sample.name.encode()) % _SAMPLES)
    for number, part in enumerate(sample.parts):
        foreign = [file for file in part.files if is_foreign(file)]
        if foreign and len(foreign) < len(part.files):
            raise MaplessError(
                f"{sample.name}: {foreign[0]} has to be converted, others have not; make two parts of them"
            )
        if foreign:
            arguments = {"files": part.files, "jets": part.jets, "first_run": first_run}
            name = conversion_name(sample.name, number)
            found[name] = Stage(name, convert, arguments)
        first_run += len(part.files)
    return found
