"""What a YAML file says of samples: parts, luminosities, and what contradicts itself."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from analysis.engine.validation import one_line
from analysis.sample_table import SampleSettings, SampleTable
from analysis.sample_variations import VariationSettings
from errors import MaplessError
from input_files import parse_yaml
from selections.corrections import Correction
from selections.jet_variations import JetResolution, JetScale, Resolution


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where some files, empty ones, are."""
    for name in ("a.root", "b.root", "c.root", "golden.json"):
        (tmp_path / name).touch()
    return tmp_path


def _settings(text: str) -> SampleSettings:
    return SampleSettings.model_validate(parse_yaml(text))


def test_a_part_is_as_the_sample_where_it_does_not_say_its_own(folder: Path) -> None:
    settings = _settings(
        """
        role: data
        year: 2017
        certified: golden.json
        filters: []
        parts:
          first: {files: [a.root, b.root], luminosity: 41.5}
          second: {files: [c.root], luminosity: 59.8, year: 2018, triggers: {1-5: [HLT_A]}}
        """
    )
    sample = settings.at(folder).sample("mine")
    first, second = sample.parts
    assert sample.luminosity == pytest.approx(101.3)
    assert first.files == (folder / "a.root", folder / "b.root")
    assert first.certified == second.certified == folder / "golden.json"
    assert (first.opening["year"], second.opening["year"]) == ("2017", "2018")
    assert "triggers" not in first.opening
    assert second.opening["triggers"] == {"1-5": ("HLT_A",)}
    assert first.opening["filters"] == second.opening["filters"] == ()


def test_simulation_is_weighted_to_the_luminosity_of_the_data(folder: Path) -> None:
    data = _settings(
        "{role: data, year: 2022, parts: {x: {files: [a.root], luminosity: 3}, "
        "y: {files: [b.root], luminosity: 4}}}"
    )
    text = "{role: background, files: [c.root], cross_section: 2.5, sum_of_weights: 10}"
    (part,) = _settings(text).like(data).at(folder).sample("qcd").parts
    assert (part.luminosity, part.cross_section, part.sum_of_weights) == (7, 2.5, 10)
    assert part.opening["year"] == "2022"
    unweighted = _settings("{role: background, files: [c.root]}").like(data).at(folder).sample("qcd")
    assert (unweighted.luminosity, unweighted.parts[0].cross_section) == (0, None)


def test_files_of_small_jets_lie_beside_the_configuration(tmp_path: Path) -> None:
    text = "{file: x.json, correction: a, small_jet: {file: y.json, correction: b, inputs: {JetPt: p}}}"
    made = VariationSettings.model_validate(parse_yaml(text)).at(tmp_path).made("jet_energy_scale")
    assert isinstance(made, JetScale)
    assert made.correction == Correction(tmp_path / "x.json", "a")
    assert made.small_jets == Correction(tmp_path / "y.json", "b", {"JetPt": "p"})
    small = "small_jet: {file: y.json, resolution: c, scale_factor: d}"
    text = f"{{file: x.json, resolution: a, scale_factor: b, {small}}}"
    made = VariationSettings.model_validate(parse_yaml(text)).at(tmp_path).made("jet_energy_resolution")
    assert isinstance(made, JetResolution)
    assert made.large_jets == Resolution(tmp_path / "x.json", "a", "b")
    assert made.small_jets == Resolution(tmp_path / "y.json", "c", "d")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{role: background, files: [a.root], certified: golden.json}", "certified is for data"),
        ("{role: signal, parts: {x: {files: [a.root], certified: golden.json}}}", "certified is for data"),
        (
            "{role: data, parts: {x: {files: [a.root], certified: golden.json}, y: {files: [b.root]}}}",
            "certified must be said of every part",
        ),
        (
            "{role: data, files: [a.root], cross_section: 3}",
            "cross_section is for simulation",
        ),
        ("{role: background, files: [a.root], sum_of_weights: 3}", "sum_of_weights needs the cross_section"),
        ("{role: background, files: [a.root], cross_section: 0}", "greater than 0"),
        (
            "{role: data, files: [a.root], parts: {x: {files: [b.root]}}}",
            "a sample with parts has no files of its own",
        ),
        (
            "{role: data, luminosity: 3, parts: {x: {files: [b.root]}}}",
            "a sample with parts has no luminosity of its own",
        ),
        ("{role: data}", "files are missing"),
        ("{role: data, files: [a.root], variations: {pdf: {}}}", "variations is for simulation"),
        (
            "{role: signal, parts: {x: {files: [a.root], variations: {pdf: {}}}}}",
            "variations of a part replace those of the sample",
        ),
        (
            "{role: signal, variations: {pdf: {}}, parts: {x: {files: [a], variations: {pdf: {size: 0.1}}}}}",
            "variations.pdf of a part must shift the same",
        ),
        (
            "{role: signal, files: [a.root], variations: {jet_energy_scale: {size: 0.1, up: 3}}}",
            "jet_energy_scale takes size; or file and correction; got size, up",
        ),
        (
            "{role: signal, files: [a.root], variations: {jet_energy_scale: {file: a, correction: b, "
            "small_jet: {file: c}}}}",
            "jet_energy_scale: small_jet takes file and correction",
        ),
        (
            "{role: signal, files: [a.root], variations: {jet_energy_resolution: {file: a, resolution: b, "
            "scale_factor: c, small_jet: {file: d, correction: e}}}}",
            "jet_energy_resolution: small_jet takes file and resolution and scale_factor",
        ),
        (
            "{role: signal, files: [a.root], variations: {jec: {size: 0.1}}}",
            "no kind of variation is called 'jec'",
        ),
        ("{role: signal, files: [a.root], variations: {pdf: {members: 9-1}}}", "variations.pdf.members"),
        ("{role: data, parts: {x: {file: [b.root]}}}", "did you mean 'files'"),
        ("{role: data, files: [a.root], triggers: {1-5: HLT_A}}", "triggers"),
    ],
)
def test_what_contradicts_itself_is_refused_in_one_line(text: str, words: str) -> None:
    with pytest.raises(ValidationError) as error:
        SampleTable.model_validate({"samples": {"mine": parse_yaml(text)}})
    line = one_line(error.value, SampleTable)
    assert "samples.mine" in line
    assert words in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "{role: data, parts: {x: {files: [none.root]}}}",
            r"samples.mine.parts.x: .*none.root does not exist",
        ),
        ("{role: data, parts: {x: {luminosity: 3}}}", r"samples.mine.parts.x: files are missing"),
        ("{role: background, files: [a.root], cross_section: 3}", "cross_section needs a luminosity"),
    ],
)
def test_parts_that_cannot_be_read_are_named(folder: Path, text: str, words: Any) -> None:
    with pytest.raises(MaplessError, match=words):
        _settings(text).at(folder).sample("mine")


def test_objects_and_branches_reach_the_opening_and_simulation_takes_the_objects_of_the_data(
    folder: Path,
) -> None:
    data = _settings("{role: data, files: [a.root], objects: {electron: {pt_min: 30}}}")
    flat = _settings(
        "{role: background, files: [b.root], tree: nominal, branches: {event: n, jet_pt: [p, q]}}"
    )
    (part,) = flat.like(data).at(folder).sample("mine").parts
    assert part.opening["objects"] == {"electron": {"pt_min": 30}}
    assert (part.opening["tree"], part.opening["branches"]["jet_pt"]) == ("nominal", ("p", "q"))


def test_a_typo_in_objects_names_its_key() -> None:
    with pytest.raises(ValidationError) as error:
        _settings("{role: data, files: [a.root], objects: {electron: {identificaton: tight}}}")
    told = one_line(error.value, SampleSettings)
    assert told.startswith("objects: electron.identificaton: unknown key; did you mean identification?")
