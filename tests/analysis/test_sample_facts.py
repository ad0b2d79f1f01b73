"""What a report tells of samples, and where a signal was added to data."""

import json
from pathlib import Path

import pytest

from analysis import searches
from analysis.sample import Sample, SamplePart
from analysis.sample_facts import sample_facts
from analysis.search_words import cuts_in_words, label, title


def sample(*, role: str = "background", files: tuple[Path, ...] = (Path("none.root"),), **known) -> Sample:
    of_part = {name: known.pop(name) for name in ("opening", "luminosity", "cross_section") if name in known}
    return Sample("mine", role, (SamplePart(files, **of_part),), **known)


def test_embedded_samples_are_described_by_what_made_them() -> None:
    search = searches.declare(searches.load("cms-dijet", None))
    facts = sample_facts(search.samples["qcd_dijet"])
    description = json.loads(
        search.samples["qcd_dijet"].parts[0].files[0].with_suffix(".root.json").read_text()
    )
    assert (facts["process"], facts["collision_energy"], facts["luminosity"]) == ("qcd", 13000.0, 51.38)
    assert facts["cross_section"] == description["cross_section_pb"]
    assert description["packages"]["pythia8mc"] in facts["generator"]
    assert facts["weights"] == "pb"


def test_what_nobody_says_stays_open_and_years_tell_the_energy() -> None:
    unknown = sample_facts(sample())
    assert {unknown[name] for name in ("process", "generator", "collision_energy", "cross_section")} == {None}
    assert sample_facts(sample(opening={"year": "2016H"}))["collision_energy"] == 13000.0
    assert sample_facts(sample(opening={"year": "2022"}))["collision_energy"] == 13600.0
    assert sample_facts(sample(collision_energy=8000.0))["collision_energy"] == 8000.0


@pytest.mark.parametrize(
    ("known", "weights"),
    [
        ({"role": "data"}, "events"),
        ({"cross_section": 2.0, "luminosity": 3.0}, "events expected in 3 / fb"),
        ({}, "as the files hold them"),
    ],
)
def test_weights_have_a_meaning(known: dict, weights: str) -> None:
    assert sample_facts(sample(**known))["weights"] == weights


def test_a_file_beside_events_that_is_no_description_tells_nothing(tmp_path: Path) -> None:
    for content in ("[1, 2]", "{", '{"cross_section_pb": 3}'):
        (tmp_path / "events.root.json").write_text(content)
        assert sample_facts(sample(files=(tmp_path / "events.root",)))["cross_section"] is None


def test_signal_in_data_is_told_in_the_title_and_in_every_figure() -> None:
    def search(role: str, injections: str):
        file = searches.CONFIGURATIONS.parent / "samples" / "qcd_dijet.root"
        own = f"samples={{mine: {{role: {role}, files: [{file}]}}}}"
        return searches.declare(searches.load("cms-dijet", None, (own, "data=mine", injections)))

    signal = "injections={x_to_yy_3000: {n_events: 5}}"
    told = "simulated signal injected into data"
    assert told in title(search("data", signal)) and told in label(search("data", signal))
    for other in (search("data", "injections={}"), search("background", signal)):
        assert told not in title(other) + label(other)


def test_cuts_are_told_in_words() -> None:
    search = searches.declare(searches.load("cms-dijet", None))
    assert "|delta eta| < 1.3" in cuts_in_words(search)["signal"]
