"""Rows and figures of what variations do to efficiencies."""

import pytest

from analysis import search
from analysis.report.impact_rows import STATISTICS, TRAINING, impact_figures, impact_rows
from analysis.report.limit_rows import best_rows, limit_rows

SIGNAL = search.TestedSignal("odd", "X → odd", "150")


def _part(hunt: str | None, median: float | None, points: list[dict]) -> dict:
    expected = median and [median * factor for factor in (0.5, 0.7, 1.0, 1.4, 2.0)]
    limit = {"status": "good", "observed": median, "expected": expected, "expected_injection": 20.0}
    same = {"window": None, "spectrum": "mjj", "traditional": False, "systematic": 0.1, "n_toys": 0}
    reach = {"values": None}
    named = {"fit": f"mjj-{hunt}" if hunt else "mjj", "hunt": hunt, "part": "kept" if hunt else "all events"}
    return {**same, **named, "limit": limit, "reach": reach, "efficiencies": points}


def _point(at: float | None, training_error: float | None) -> dict:
    errors = {"error": 0.03, "statistical_error": 0.01, "training_error": training_error}
    return {"cross_section": at, "efficiency": 0.2, **errors}


def _rows() -> list:
    parts = [
        _part(None, 30.0, [_point(None, None)]),
        _part("weak", 15.0, [_point(10.0, None), _point(20.0, 0.02)]),
    ]
    parts.append(_part("lost", None, [_point(20.0, None)]))
    return limit_rows(SIGNAL, [{"mass": 1500.0, "found": parts}])


def _impacts() -> dict:
    up = {"source": "jet_energy_scale", "tag": "up", "change": 0.05, "retrained": True}
    down = {"source": "jet_energy_scale", "tag": "down", "change": -0.08, "retrained": False}
    resolution = {"source": "jet_energy_resolution", "tag": "up", "change": -0.03, "retrained": False}
    return {"odd mjj-weak": {"kept": {"variations": [up, down, resolution], "total": 0.085}}}


def test_improvement_is_that_over_the_inclusive_search_and_the_best_hunt_has_the_smallest_limit() -> None:
    rows = _rows()
    assert [row.improvement for row in rows] == [1.0, 2.0, None]
    assert [row.method for row in best_rows(rows)] == ["weak"]


def test_every_variation_is_a_row_beside_training_and_statistics() -> None:
    rows = [one for one in impact_rows(_rows(), _impacts()) if one.row.method == "weak"]
    sources = ["jet_energy_scale", "jet_energy_resolution", TRAINING, STATISTICS]
    assert [one.source for one in rows] == sources
    assert (rows[0].changes, rows[0].retrained) == ({"up": 0.05, "down": -0.08}, ("up",))
    assert rows[2].changes[""] == pytest.approx(0.1)


def test_impacts_are_drawn_where_there_are_variations(tmp_path) -> None:
    ((name, _, figure),) = impact_figures(impact_rows(_rows(), _impacts()), "test")
    assert name == "impacts_odd"
    figure.savefig(tmp_path / "impacts.png")
    assert not list(impact_figures(impact_rows(_rows(), {}), "test"))
