from pathlib import Path

import pytest
import yaml

from analysis.commands.simulate import simulate_campaign, simulate_to_file
from analysis.simulation.campaign import Campaign
from errors import MaplessError


def test_a_sample_is_written_and_summed_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "qcd.root"
    simulate_to_file("qcd", 10, output, 1, 1, "tiny", None, ("mjj_min=1500", "max_jets=2"))
    assert output.is_file()
    shown = " ".join(capsys.readouterr().out.split())
    assert "10 events" in shown
    assert "pb after the selection" in shown


@pytest.mark.parametrize(
    ("quality", "overrides", "words"),
    [
        ("finest", (), "choose from full, fast, tiny"),
        ("tiny", ("mjj_min",), "write it as key=value"),
        ("tiny", ("mass=3",), "no such parameter"),
        ("tiny", ("seed=3",), "--set seed is no parameter of a process"),
        ("tiny", ("detector={}",), "--set detector is no parameter of a process"),
        ("tiny", ("run=5000000000",), "run: Input should be less than"),
    ],
)
def test_what_cannot_be_simulated_is_refused_before_anything_is_written(
    quality: str, overrides: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    with pytest.raises(MaplessError, match=words):
        simulate_to_file("qcd", 10, tmp_path / "qcd.root", 1, 1, quality, None, overrides)
    assert not list(tmp_path.iterdir())


def test_card_of_ones_own_is_simulated(tmp_path: Path) -> None:
    card = tmp_path / "model.cmnd"
    card.write_text("NewGaugeBoson:ffbar2Wprime = on\n34:m0 = 3000\n")
    simulate_to_file(None, 10, tmp_path / "model.root", 1, 1, "tiny", card, ())
    assert (tmp_path / "model.root").is_file()


def test_a_card_that_pythia_does_not_understand_leaves_nothing(tmp_path: Path) -> None:
    card = tmp_path / "model.cmnd"
    card.write_text("HardQCD:al = on\n")
    with pytest.raises(MaplessError, match="does not know the setting 'HardQCD:al = on'"):
        simulate_to_file(None, 10, tmp_path / "model.root", 1, 1, "tiny", card, ())
    assert list(tmp_path.iterdir()) == [card]


def test_a_folder_is_no_file_to_write(tmp_path: Path) -> None:
    with pytest.raises(MaplessError, match="is a folder; name the file to write"):
        simulate_to_file("qcd", 10, tmp_path, 1, 1, "tiny", None, ())


def test_one_of_process_and_card_is_needed(tmp_path: Path) -> None:
    with pytest.raises(MaplessError, match="name a process or a --card"):
        simulate_to_file(None, 10, tmp_path / "model.root", 1, 1, "tiny", None, ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("samples: {a: {process: qcd, event: 5}}", "samples.a.event: unknown key; did you mean 'events'"),
        ("sample: {}", "sample: unknown key; did you mean 'samples'"),
        ("samples: {a: {process: qcd, events: 0}}", "samples.a.events: .*greater than or equal to 1"),
        (
            "{samples: {a: {process: qcd, events: 1}}, detector: {jet_mass: 1}}",
            "detector.jet_mass: unknown key",
        ),
    ],
)
def test_typo_in_a_campaign_names_its_key(text: str, words: str, tmp_path: Path) -> None:
    campaign = tmp_path / "campaign.yaml"
    campaign.write_text(text)
    with pytest.raises(MaplessError, match=words):
        simulate_campaign(campaign, tmp_path / "out", 1, (), None)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["small", "detectors"])
def test_shipped_campaigns_are_possible(name: str) -> None:
    folder = Path(__file__).parents[3] / "analysis" / "campaigns"
    campaign = Campaign.model_validate(yaml.safe_load((folder / f"{name}.yaml").read_text()))
    keys = [recipe.key for recipe in campaign.recipes().values()]
    campaign.check_mock_data()
    assert len(set(keys)) == len(keys)


def test_a_file_of_others_is_kept(tmp_path: Path) -> None:
    (tmp_path / "data.root").write_text("mine")
    with pytest.raises(MaplessError, match="no simulation of Mapless and would be lost"):
        simulate_to_file("qcd", 10, tmp_path / "data.root", 1, 1, "tiny", None, ())
    campaign = tmp_path / "campaign.yaml"
    campaign.write_text("samples: {data: {process: qcd, events: 1}}")
    with pytest.raises(MaplessError, match="holds files that Mapless did not write"):
        simulate_campaign(campaign, tmp_path, 1, (), None)
    assert (tmp_path / "data.root").read_text() == "mine"
