from pathlib import Path

import numpy as np

from analysis.configuration import load_configuration
from analysis.pipeline import RunOptions
from analysis.report.event_display import most_anomalous_events, plot_event
from analysis.searches import get
from analysis.select import select
from selections.snapshot import read

REPOSITORY = Path(__file__).parents[2]


def test_the_highest_score_is_drawn_and_the_highest_with_constituents(tmp_path: Path) -> None:
    configuration = load_configuration(REPOSITORY / "analysis" / "configs" / "cms_dijet.yaml")
    select(get("cms-dijet"), configuration, tmp_path, RunOptions(tmp_path, max_events=500, threads=1))
    background, signal = read(tmp_path / "events.root"), read(tmp_path / "signal.root")
    events = {name: np.concatenate([values, signal[name]]) for name, values in background.items()}
    events["is_injected"] = np.arange(len(events["mjj"])) >= len(background["mjj"])
    score = np.linspace(1, 0, len(events["mjj"]))
    shown = most_anomalous_events(events, score, configuration)
    first, second = shown["most_anomalous"], shown["with_constituents"]
    assert first["event"] == background["event"][0]
    assert "constituent_pt" not in first
    assert second["event"] == signal["event"][0]
    momentum = second["constituent_pt"][second["constituent_jet"] == 0].sum()
    assert 0.7 < momentum / max(second["jet1_pt"], second["jet2_pt"]) < 1.2
    assert len(plot_event(first).axes) == 1
    assert len(plot_event(second).axes) == 3
