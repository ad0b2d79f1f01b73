import json
from pathlib import Path

import pytest

from analysis.engine.stage import Job
from analysis.search import Injection, Source
from analysis.stages.data_set import CUTFLOW, DataSet, InjectedSignal, events_to_inject


def _selected(folder: Path, name: str, all_events: int, passing: int) -> Path:
    cuts = [
        {"title": title, "events": n, "weighted": float(n), "weighted_squared": float(n)}
        for title, n in (("all events", all_events), ("passing", passing))
    ]
    place = folder / name
    place.mkdir()
    content = {"cutflow": {"selection": "signal", "cumulative": True, "cuts": cuts}}
    (place / CUTFLOW).write_text(json.dumps(content))
    return place


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """600 of 1000 signal events in the signal region, 100 in the control region."""
    after = {
        f"signal-{region}": _selected(tmp_path, region, 1000, n)
        for region, n in (("main", 600), ("side", 100))
    }
    return Job(tmp_path, after, {})


def test_a_cross_section_gives_luminosity_times_acceptance_times_efficiency_events(job: Job) -> None:
    signal = InjectedSignal(Injection("signal", cross_section=2.0), 50.0 * 0.5, "main")
    assert events_to_inject(job, signal, "main") == 2 * 50 * 0.5 * 0.6
    assert events_to_inject(job, signal, "side") == 2 * 50 * 0.5 * 0.1


def test_a_number_of_events_is_that_of_the_reference_region_and_others_get_their_part(job: Job) -> None:
    signal = InjectedSignal(Injection("signal", n_events=60), 1.0, "main")
    assert events_to_inject(job, signal, "main") == 60
    assert events_to_inject(job, signal, "side") == 10


def test_both_add_up_where_a_limit_injects_on_top(job: Job) -> None:
    signal = InjectedSignal(Injection("signal", n_events=60, cross_section=2.0), 25.0, "main")
    assert events_to_inject(job, signal, "main") == 60 + 30


def test_a_data_set_names_all_selected_events_that_it_is_made_of() -> None:
    signal = InjectedSignal(Injection("signal", n_events=60), 1.0, "main")
    data = DataSet(Source("side", "data", share=0.01), (signal,))
    assert data.name == "data-side-0.01"
    nominal = "nominal"
    assert data.selections == (
        ("data", "side", nominal),
        ("signal", "side", nominal),
        ("signal", "main", nominal),
    )
