import numpy as np
import pandas as pd

from analysis.report.hunt_view import HuntView
from analysis.report.selected_events import write_selected_events
from selections.events import EventTable


def test_kept_events_are_listed_by_name_with_scores_the_most_anomalous_first(tmp_path):
    names = {
        "run": [1, 1, 2],
        "luminosity_block": [5, 6, 7],
        "event": np.array([2**40, 11, 2**64 - 1], np.uint64),
    }
    events = EventTable(names | {"injected": [0, 0, 1], "mjj": [2e3, 2.5e3, 3e3]})
    kept = {"tight": np.array([False, False, True]), "loose": np.array([True, False, False])}
    inside = np.ones(3, bool)
    view = HuntView(
        "hunt", "hunt", events, {"score": np.array([0.5, 0.9, 0.7])}, kept, inside, None, {}, "Mapless"
    )
    write_selected_events(view, ("mjj",), tmp_path / "events" / "hunt.csv")
    table = pd.read_csv(tmp_path / "events" / "hunt.csv", dtype={"event": np.uint64})
    assert table.columns.tolist() == [*names, "injected", "mjj", "score", "in_tight", "in_loose"]
    assert table["event"].tolist() == [2**64 - 1, 2**40]
    assert table["injected"].tolist() == [1, 0]
    assert table["mjj"].tolist() == [3e3, 2e3]
    assert table["in_tight"].tolist() == [1, 0]
