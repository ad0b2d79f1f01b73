"""A grid of two masses: background learnt beside the window, a planted signal, and empty ones."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from analysis.mass_grid import MassGrid, TaggedBackground, overlapping_windows
from analysis.stages.grid import search_grid
from errors import MaplessError
from models.window import Window
from selections.events import EventTable

EDGES = tuple(np.linspace(2000, 4000, 21).tolist())
BACKGROUND = TaggedBackground(
    "tag", 0.5, Window("higgs", "candidate", 75, 145, (50, 75), (145, 200)), ("candidate", "y"), replicas=20
)
GRID = MassGrid("toy", "jets", ("x", "y"), ("x", "y"), overlapping_windows(50, 250, 0.3), EDGES, BACKGROUND)


def events(rng, n=6000, planted=0):
    """Events whose chance of a tag rises with the mass of the candidate, and with y."""
    candidate, x, y = rng.uniform(40, 220, n), 50 + rng.exponential(80, n), 2000 + rng.exponential(350, n)
    chance = 0.08 + 0.0003 * (candidate - 40) + 0.00003 * (y - 2000)
    tag = rng.random(n) < chance
    candidate[:planted], x[:planted], tag[:planted] = 120, rng.normal(85, 6, planted), True
    y[:planted] = rng.normal(3600, 60, planted)
    name = np.arange(n, dtype=np.uint64)
    columns = {"run": name, "luminosity_block": name, "event": name, "candidate": candidate, "x": x, "y": y}
    return EventTable(columns | {"tag": tag.astype(np.float32)})


def searched(rng, n_toys=200, grid=GRID, **given):
    table = events(rng, **given)
    return search_grid(grid, table, np.ones(len(table), bool), n_toys, rng)[0]


def test_the_background_closes_and_a_planted_signal_is_found_in_its_cell() -> None:
    found = searched(np.random.default_rng(1), planted=12)
    for one in found["closure"]:
        assert abs(one["observed"] - one["expected"]) < 4 * np.hypot(one["error"], np.sqrt(one["expected"]))
    best = found["found"]["best"]
    assert best["low"] < 85 < best["high"]
    assert best["first"] < 3600 < best["last"]
    assert found["found"]["p_value"] < 0.01


def test_conditions_keep_events_of_a_further_column() -> None:
    rng = np.random.default_rng(2)
    table = events(rng)

    half = replace(GRID, conditions={"x": (100.0, 1000.0)})
    found, counts = search_grid(half, table, np.ones(len(table), bool), 20, rng)
    assert counts.counts[:4].sum() == 0
    assert found["n_events"] == counts.counts.sum() > 0
    assert found["closure"][-1]["where"] == "window, events that are not kept"


def test_a_tag_that_no_event_has_is_refused() -> None:

    with pytest.raises(MaplessError, match="cannot be learnt"):
        searched(np.random.default_rng(3), grid=replace(GRID, background=replace(BACKGROUND, threshold=2)))


@pytest.mark.physics
def test_empty_grids_have_uniform_p_values() -> None:
    """The background is learnt again in each of 60 samples."""
    rng = np.random.default_rng(4)
    found = [searched(rng, n_toys=100)["found"] for _ in range(60)]
    everywhere = np.array([one["p_value"] for one in found])
    cells = np.array([[spectrum["p_value"] for spectrum in one["spectra"]] for one in found])
    probability = stats.kstest(everywhere, "uniform").pvalue
    below = [float(np.mean(everywhere <= p)) for p in (0.05, 0.1, 0.32)]
    print(f"global: mean {everywhere.mean():.3f}, below 5, 10, 32 % {below}, KS p = {probability:.3f}")
    print("cells: means", cells.mean(axis=0).round(2), "below 10 %", np.mean(cells <= 0.1, axis=0).round(2))
    assert probability > 0.01
    assert np.mean(cells <= 0.1) < 0.15
