"""What the verb `limits` is given: parts of the work, and signals of one's own."""

import json
from pathlib import Path

import pytest

import run_analysis
from analysis import own_signal, searches
from analysis.limit_search import LimitSearch
from analysis.own_signal import RUN, with_own_signal
from analysis.sample_table import SHIPPED
from analysis.search_settings import SearchSettings
from analysis.simulation.campaign import SAMPLE_TABLE, Campaign
from errors import MaplessError

SIGNAL = SHIPPED.parent / "x_to_yy_3000.root"


def _own(signal: Path, folder: Path, mass: float | None = 3000.0) -> SearchSettings:
    settings = searches.load("cms-dijet", None, ("injections={}",))
    return with_own_signal(settings, signal, mass, 20, folder, 1, lambda name: lambda done, wanted: None)


def test_events_of_ones_own_are_a_signal_with_the_acceptance_of_their_description(tmp_path: Path) -> None:
    mine = tmp_path / "my signal.root"
    mine.symlink_to(SIGNAL)
    assert _own(mine, tmp_path).samples["my_signal"].acceptance == 1
    (tmp_path / "my signal.root.json").write_text(json.dumps({"n_selected": 30, "n_generated": 40}))
    settings = _own(mine, tmp_path)
    assert settings.samples["my_signal"].acceptance == 0.75
    search = LimitSearch(settings)
    assert search.signals == ("my_signal",)
    assert search.plan.search.samples["my_signal"].mass == 3000


def test_a_card_becomes_a_campaign_of_one_sample_with_a_run_of_its_own(monkeypatch, tmp_path: Path) -> None:
    card = tmp_path / "model.cmnd"
    card.write_text("HardQCD:all = on\nPhaseSpace:pTHatMin = 800\n")

    def simulated(campaign: Campaign, folder: Path, workers: int, progress: object) -> None:
        (recipe,) = campaign.recipes().values()
        assert recipe.process.pythia() == ["HardQCD:all = on", "PhaseSpace:pTHatMin = 800"]
        assert (recipe.process.run, campaign.samples["model"].events) == (RUN, 20)
        folder.mkdir()
        table = {"model": {"role": "signal", "files": ["model.root"], "acceptance": 0.5}}
        (folder / SAMPLE_TABLE).write_text(json.dumps({"samples": table}))

    monkeypatch.setattr(own_signal, "produce", simulated)
    sample = _own(card, tmp_path / "signals").samples["model"]
    assert sample.files == (str((tmp_path / "signals" / "model.root").resolve()),)
    assert (sample.mass, sample.acceptance) == (3000.0, 0.5)


@pytest.mark.parametrize(
    ("name", "content", "mass", "complaint"),
    [
        ("signal.root", "x", None, "say the mass of its resonance in GeV with --mass"),
        ("nothing.root", None, 3000.0, "does not exist; check the path"),
        ("signal.lhe.gz", "x", 3000.0, "convert it first"),
        ("qcd_dijet.root", "x", 3000.0, "a sample is called qcd_dijet already"),
        ("signal.cmnd", "nonsense", 3000.0, "holds no setting of Pythia"),
        ("signal.cmnd", "Beams:eCM = 1\n", 3000.0, "leave out 'Beams:eCM = 1'"),
    ],
)
def test_a_signal_that_cannot_be_used_is_refused_by_name(
    name: str, content: str | None, mass: float | None, complaint: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(MaplessError, match=complaint):
        _own(tmp_path / name, tmp_path / "signals", mass)


@pytest.mark.parametrize("part", ["0/2", "3/2", "1", "a/b", "1/2/3", "-1/2", "1/0", ""])
def test_parts_that_are_none_are_refused(part: str, monkeypatch, capsys, tmp_path: Path) -> None:
    output = tmp_path / "out"
    command = ["run_analysis.py", "limits", "cms-dijet", f"--part={part}", f"--output={output}"]
    monkeypatch.setattr("sys.argv", command)
    assert run_analysis.main() == 2
    assert "write it as I/N" in capsys.readouterr().err
    assert not output.exists()
