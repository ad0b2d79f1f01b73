"""A configuration of one's own, as `new` writes it."""

import json

import pytest
import yaml

from analysis import searches
from analysis.commands.new import write_configuration
from errors import MaplessError


@pytest.mark.parametrize("source", searches.names())
def test_a_new_configuration_is_the_search_it_comes_from_in_any_folder(source, tmp_path):
    write_configuration("mine", source, tmp_path)
    own = searches.load_any(None, tmp_path / "mine.yaml")
    assert own.model_dump(exclude={"samples"}) == searches.load_any(source, None).model_dump(
        exclude={"samples"}
    )
    schema = json.loads((tmp_path / "mine.schema.json").read_text())
    first = (tmp_path / "mine.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=mine.schema.json"
    assert schema["properties"].keys() == type(own).model_fields.keys()


def test_samples_to_fill_in_are_read_once_their_marks_are_taken_away(tmp_path):
    write_configuration("mine", "cms-dijet", tmp_path)
    file = tmp_path / "mine.yaml"
    text, _, samples = file.read_text().partition("# samples:\n")
    filled = "samples:\n" + "\n".join(line.removeprefix("# ") for line in samples.splitlines())
    values = yaml.safe_load(text) | yaml.safe_load(filled)
    file.write_text(yaml.safe_dump(values | {"data": "my_data"}))
    settings = searches.load(None, file)
    assert settings.samples["my_data"].files == (str(tmp_path / "data/*.root"),)
    assert settings.samples["my_data"].certified == str(tmp_path / "golden.json")
    assert settings.closure.background == "my_simulation"


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        ("../mine", "cms-dijet", "is no name"),
        ("mine", "cms-dijets", "known: "),
        ("old", "cms-dijet", "already"),
    ],
)
def test_what_cannot_be_written_is_refused_in_one_line_and_leaves_nothing(name, source, words, tmp_path):
    (tmp_path / "old.yaml").write_text("mine")
    with pytest.raises(MaplessError, match=words):
        write_configuration(name, source, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["old.yaml"]
