"""Every malformed input ends in one line and exit code 2, or in the right number."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.robustness import (
    conditions,
    configurations,
    conversions,
    conversions_back,
    corrections,
    events,
    foreign_events,
    generator_files,
    hdf5_files,
    named_arrays,
    signals,
    spectra,
    tables,
    trigger_models,
    weights,
)
from tests.robustness.case import Case, content, judge
from tests.robustness.warm import Warm

FAMILIES = (
    *(events, foreign_events, conditions, corrections, configurations, conversions),
    *(conversions_back, hdf5_files, named_arrays, generator_files),
    *(tables, spectra, signals, weights, trigger_models),
)
CASES = [case for family in FAMILIES for case in family.cases()]
QUICK = [case for case in CASES if case.kind == "events"][13::30]


@pytest.fixture(scope="session")
def warm() -> Iterator[Mapping[str, Warm]]:
    """Processes by kind, started when they are first asked for."""

    class Started(dict[str, Warm]):
        def __missing__(self, kind: str) -> Warm:
            self[kind] = Warm(kind)
            return self[kind]

    processes = Started()
    yield processes
    for process in processes.values():
        process.close()


def run(case: Case, folder: Path, warm: Mapping[str, Warm]) -> None:
    arguments = case.make(folder, case.random)
    before = content(folder)
    judge(case, warm[case.kind].run(arguments, folder), folder, before)


def test_names_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_some_malformed_inputs(case: Case, tmp_path: Path, warm: Mapping[str, Warm]) -> None:
    run(case, tmp_path, warm)


@pytest.mark.robustness
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_malformed_input(case: Case, tmp_path: Path, warm: Mapping[str, Warm]) -> None:
    run(case, tmp_path, warm)
