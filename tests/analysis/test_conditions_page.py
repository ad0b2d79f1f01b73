"""The examples of docs/conditions.md are valid settings and mean what the page says."""

import re
from pathlib import Path

import pytest

from analysis.sample_table import SampleSettings, SampleTable
from analysis.sample_variations import USUAL
from input_files import parse_yaml

PAGE = (Path(__file__).parents[2] / "docs" / "conditions.md").read_text()


@pytest.fixture
def examples(tmp_path: Path) -> dict[str, SampleSettings]:
    """All samples of the page, in a folder with an empty file for each that they name."""
    found: dict[str, SampleSettings] = {}
    for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL):
        found |= SampleTable.model_validate(parse_yaml(text)).samples
    for name in re.findall(r"[\w*/.-]+\.(?:root|json(?:\.gz)?)", PAGE):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name.replace("*", "1")).touch()
    return {name: sample.at(tmp_path) for name, sample in found.items()}


def test_luminosities_of_parts_add_up(examples: dict[str, SampleSettings]) -> None:
    jetht = examples["jetht"].sample("jetht")
    assert jetht.luminosity == pytest.approx(16.8 + 41.5)
    names = [part.certified.name for part in jetht.parts if part.certified]
    assert names == ["Cert_Collisions2016.json", "Cert_Collisions2017.json"]


def test_jets_are_corrected_by_a_file_beside_the_configuration(
    examples: dict[str, SampleSettings], tmp_path: Path
) -> None:
    (corrections,) = examples["ttbar"].sample("ttbar").parts[0].corrections
    assert corrections.collection == "jet"
    assert corrections.file == tmp_path / "jet_jerc.json.gz"
    assert corrections.inputs == {"Rho": "Rho_fixedGridRhoFastjetAll"}
    assert corrections.undo


def test_a_part_may_say_a_variation_otherwise(examples: dict[str, SampleSettings]) -> None:
    first, second = examples["wjets"].sample("wjets").parts
    names = [{one.name: one.origin for one in part.variations} for part in (first, second)]
    assert names[0].keys() == names[1].keys() == {"jet_energy_resolution", "pileup", "pdf"}
    assert names[0]["pileup"] == "Collisions17_UltraLegacy_goldenJSON"
    assert names[1]["pileup"] == "Collisions18_UltraLegacy_goldenJSON"
    assert names[0]["pdf"] == names[1]["pdf"] == "LHEPdfWeight, replicas of 30"


@pytest.mark.parametrize("kind", USUAL)
def test_every_kind_of_variation_stands_there(kind: str) -> None:
    assert re.search(rf"^\| [^|]*`{kind}`", PAGE, re.MULTILINE)


def test_parts_of_simulation_share_a_cross_section(examples: dict[str, SampleSettings]) -> None:
    parts = examples["qcd"].sample("qcd").parts
    assert [part.cross_section for part in parts] == [117.5, 117.5]
    assert [part.sum_of_weights for part in parts] == [None, 3.1e6]
