import json
from pathlib import Path

import numpy as np
import pytest
import uproot

from analysis.engine.job import Job
from analysis.source import Injection, Source
from analysis.stages.data_set import CUTFLOW, EVENTS, DataSet, InjectedSignal, events_to_inject, read_events


def _selected(folder: Path, name: str, all_events: int, passing: int) -> Path:
    cuts = [
        {"title": title, "events": n, "weighted": float(n), "weighted_squared": float(n)}
        for title, n in (("all events", all_events), ("passing", passing))
    ]
    place = folder / name
    place.mkdir()
    content = {"cutflow": {"selection": "signal", "cumulative": True, "cuts": cuts}}
    content |= {"read": {"events": all_events, "of": all_events}}
    (place / CUTFLOW).write_text(json.dumps(content))
    return place


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """600 of 1000 signal events pass the selection."""
    return Job(tmp_path, {"signal-main": _selected(tmp_path, "main", 1000, 600)}, {})


def test_a_cross_section_gives_luminosity_times_acceptance_times_efficiency_events(job: Job) -> None:
    signal = InjectedSignal(Injection("signal", cross_section=2.0), 50.0 * 0.5, "main")
    assert events_to_inject(job, signal) == 2 * 50 * 0.5 * 0.6


def test_a_number_and_a_cross_section_add_up_where_a_limit_injects_on_top(job: Job) -> None:
    signal = InjectedSignal(Injection("signal", n_events=60, cross_section=2.0), 25.0, "main")
    assert events_to_inject(job, signal) == 60 + 30


def test_of_data_that_are_read_in_part_a_number_of_events_is_scaled_alike(tmp_path: Path) -> None:
    def stored(name: str, run: int, n_events: int, in_files: int) -> None:
        place = _selected(tmp_path, name, n_events, n_events)
        content = json.loads((place / CUTFLOW).read_text())
        content["read"]["of"] = in_files
        (place / CUTFLOW).write_text(json.dumps(content))
        columns = {"run": np.full(n_events, run), "luminosity_block": np.ones(n_events, int)}
        with uproot.recreate(place / EVENTS) as file:
            file.mkrntuple("Events", columns | {"event": np.arange(n_events, dtype=np.uint64)})

    stored("data-main", 1, 200, in_files=1000)
    stored("signal-main", 2, 100, in_files=500)
    job = Job(tmp_path, {name: tmp_path / name for name in ("data-main", "signal-main")}, {})
    signal = InjectedSignal(Injection("signal", n_events=350), 1.0, "main")
    events = read_events(job, DataSet(Source("main", "data"), (signal,)))
    assert (events["injected"] == 1).sum() == 70


def test_an_event_that_two_regions_share_is_injected_into_both(tmp_path: Path) -> None:
    def stored(name: str, first: int, last: int, run: int) -> None:
        place = _selected(tmp_path, name, 1000, last - first)
        numbers = np.arange(first, last, dtype=np.uint64)
        columns = {"run": np.full(len(numbers), run), "luminosity_block": np.ones(len(numbers), int)}
        with uproot.recreate(place / EVENTS) as file:
            file.mkrntuple("Events", columns | {"event": numbers})

    for region, last in (("main", 500), ("loose", 900)):
        stored(f"data-{region}", 0, 10, run=1)
        stored(f"signal-{region}", 0, last, run=2)
    job = Job(
        tmp_path,
        {name: tmp_path / name for name in ("data-main", "data-loose", "signal-main", "signal-loose")},
        {},
    )
    signal = InjectedSignal(Injection("signal", n_events=100), 1.0, "main")
    injected = {}
    for region in ("main", "loose"):
        events = read_events(job, DataSet(Source(region, "data"), (signal,)))
        injected[region] = set(events["event"][events["injected"] == 1].tolist())
    assert len(injected["main"]) == 100
    assert injected["main"] < injected["loose"]
    assert len(injected["loose"]) == 180


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
