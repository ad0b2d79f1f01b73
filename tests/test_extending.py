"""The examples of docs/extending.md run as they stand there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PAGE = (REPOSITORY / "docs" / "extending.md").read_text()


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the modules and the configuration of the page."""
    folder = tmp_path_factory.mktemp("own")
    _, detector, search = _blocks("python")
    (folder / "my_detectors.py").write_text(detector)
    (folder / "my_package").mkdir()
    (folder / "my_package" / "my_search.py").write_text(search)
    (folder / "my_search.yaml").write_text(_blocks("yaml")[1])
    return folder


def _run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(REPOSITORY / "run_analysis.py"), *arguments]
    environment = os.environ | {"PYTHONPATH": f"{place}:{REPOSITORY}"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=place)


def test_a_refined_selection_keeps_part_of_the_events() -> None:
    from selections.sources import open_events

    names: dict = {}
    exec(_blocks("python")[0], names)
    events = open_events(REPOSITORY / "analysis" / "samples" / "x_to_yy_3000.root")
    flow = names["balanced"](events).cutflow()
    assert flow.titles[-1] == "jets balanced in transverse momentum"
    assert 0.5 * flow.events[-2] < flow.events[-1] < flow.events[-2]


def test_a_detector_of_a_module_of_ones_own_is_named_in_the_configuration(place: Path) -> None:
    own = _blocks("yaml")[0].partition("cwola: ")[2].strip()
    result = _run(
        place,
        "scan",
        "cms-dijet",
        "--max-events=8000",
        f"--set=detectors.cwola={own}",
        "--set=masses={low: 2900, high: 3100}",
        "--set=global_significance.toys=0",
    )
    assert result.returncode == 0, result.stderr
    assert "mjj-cwola-B3" in result.stdout


def test_a_search_of_a_module_of_ones_own_runs_from_its_configuration(place: Path) -> None:
    result = _run(place, "run", "--config=my_search.yaml", "--max-events=20000", "--output=own")
    assert result.returncode == 0, result.stderr
    assert (place / "own" / "report.html").is_file()


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ("my_detectors:Nothing", "has no class Nothing"),
        ("my_detector:HeavyJets", "there is no module my_detector"),
        ("cwola-huntin", "choose one of"),
    ],
)
def test_a_wrong_name_is_one_line(place: Path, own: str, words: str) -> None:
    result = _run(place, "run", "cms-dijet", f"--set=detectors.cwola.detector={own}")
    assert result.returncode == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
