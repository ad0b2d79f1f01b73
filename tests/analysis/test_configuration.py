from pathlib import Path

import pytest

from analysis.configuration import load_configuration
from errors import MaplessError

CONFIGURATION = Path(__file__).parents[2] / "analysis" / "configs" / "cms_dijet.yaml"


def test_default_configuration_is_valid_and_in_gev() -> None:
    configuration = load_configuration(CONFIGURATION)
    assert configuration.scan.mass_low == 2600.0
    assert configuration.scan.signal_mass == 3000.0


def test_files_are_looked_up_beside_the_configuration() -> None:
    configuration = load_configuration(CONFIGURATION)
    assert all(file.is_absolute() and file.parent.name == "samples" for file in configuration.events.files)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("detector.fold=3", ["detector.fold", "did you mean 'folds'"]),
        ("scna.mass_low=2000", ["scna", "did you mean 'scan'"]),
        ("selection.mjj_min=3 TEV", ["selection.mjj_min", "'TEV' is not a unit", "GeV"]),
        ("selection.mjj_min=heavy", ["selection.mjj_min", "not an energy"]),
        ("fit.mjj_low=9 TeV", ["fit", "impossible range"]),
        ("scan.mass_high=1 TeV", ["scan", "impossible scan"]),
        ("injection.n_events=-1", ["injection.n_events", "greater than or equal to 0"]),
        ("injection.files=[]", ["injection", "injection.files is empty"]),
        ("events.files=[]", ["events.files"]),
        ("events.files=[nowhere/*.root]", ["nowhere/*.root", "no file matches"]),
        ("seed", ["key=value"]),
        ("search.name=1", ["search holds a value"]),
        (
            "detector.own_windows={mine: {low: 3 TeV, high: 2 TeV}}",
            ["detector.own_windows.mine", "impossible window"],
        ),
    ],
)
def test_a_mistake_is_named_with_its_path_and_the_way_out(override: str, words: list[str]) -> None:
    with pytest.raises(MaplessError) as raised:
        load_configuration(CONFIGURATION, (override,))
    message = str(raised.value)
    assert "\n" not in message
    assert all(word in message for word in words), message


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MaplessError, match="absent.yaml"):
        load_configuration(tmp_path / "absent.yaml")


def test_broken_yaml_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text("search: [cms\nevents: }")
    with pytest.raises(MaplessError, match="not valid YAML") as raised:
        load_configuration(file)
    assert "\n" not in str(raised.value)


def test_overrides_win_over_the_file() -> None:
    configuration = load_configuration(CONFIGURATION, ("injection.n_events=0", "detector.windows=[A4, B3]"))
    assert configuration.injection.n_events == 0
    assert configuration.detector.windows == ("A4", "B3")
