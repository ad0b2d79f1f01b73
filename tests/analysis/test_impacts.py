"""Variations of a signal: which are learnt from again, and what they do to efficiency and limit."""

import json
from pathlib import Path

import pytest

from analysis import searches
from analysis.engine.job import Tools
from analysis.engine.running import run_stages
from analysis.engine.stage import in_order
from analysis.limit_rounds import FoundLimits, limits_by_rounds
from analysis.limit_search import LimitSearch
from analysis.stages.impacts import IMPACTS
from analysis.stages.limits import LIMITS
from tests.analysis import toy_search

pytestmark = pytest.mark.physics

SIZE = 0.03
CONFIGURATION = f"""
search: tests.analysis.toy_search
data: background
samples:
  background: {{role: background, files: [background.root], luminosity: {toy_search.LUMINOSITY}}}
  odd:
    role: signal
    files: [odd.root]
    mass: 1500
    variations: {{trigger: {{size: {SIZE}}}, jet_mass_scale: {{size: 0.1}}}}
hunts: [weak]
kept: 0.1
limits: {{trainings: 1, largest_grid: 2}}
fit: {{limit_toys: 0}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("impacts")
    toy_search.write_background(folder / "background.root", 10_000, 1)
    toy_search.write_signal(folder / "odd.root", 1000, 2)
    (folder / "toy.yaml").write_text(CONFIGURATION)
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> FoundLimits:
    search = LimitSearch(searches.load(None, folder / "toy.yaml"))
    run = lambda stages: run_stages(stages, folder / "out", Tools())  # noqa: E731
    return limits_by_rounds(search.plan, search.signals, folder / "out", run)


def _changes(found: FoundLimits, folder: Path, fit: str) -> dict[str, dict]:
    stored = json.loads((found.impacts["odd", fit].folder(folder / "out") / IMPACTS).read_text())
    (part,) = stored.values()
    return {f"{one['source']}:{one['tag']}": one for one in part["variations"]} | {"total": part["total"]}


def test_a_varied_weight_changes_every_efficiency_by_its_size(found: FoundLimits, folder: Path) -> None:
    for fit in ("mjj", "mjj-traditional-odd", "mjj-weak-W"):
        changes = _changes(found, folder, fit)
        assert changes["trigger:up"]["change"] == pytest.approx(SIZE, rel=1e-3)
        assert changes["trigger:down"]["change"] == pytest.approx(-SIZE, rel=1e-3)


def test_only_what_a_detector_sees_change_is_learnt_from_again(found: FoundLimits, folder: Path) -> None:
    changes = _changes(found, folder, "mjj-weak-W")
    assert changes["jet_mass_scale:up"]["retrained"] and changes["jet_mass_scale:down"]["retrained"]
    assert not changes["trigger:up"]["retrained"] and not changes["trigger:down"]["retrained"]
    trained = {s.key for s in in_order([found.impacts["odd", "mjj-weak-W"]]) if s.name == "train-weak-W"}
    assert len(trained) == 4  # nominal, with injection, and with it shifted up and down
    inclusive = _changes(found, folder, "mjj")
    assert not any(one["retrained"] for name, one in inclusive.items() if name != "total")


def test_a_selection_by_mass_loses_what_leaves_its_window(found: FoundLimits, folder: Path) -> None:
    traditional, inclusive = (_changes(found, folder, fit) for fit in ("mjj-traditional-odd", "mjj"))
    assert traditional["jet_mass_scale:up"]["change"] < -0.1
    assert abs(inclusive["jet_mass_scale:up"]["change"]) < 1e-6
    lowest = min(traditional[f"jet_mass_scale:{tag}"]["change"] for tag in ("up", "down"))
    assert traditional["total"] == pytest.approx((lowest**2 + SIZE**2) ** 0.5, rel=1e-3)


def test_what_makes_an_efficiency_smaller_makes_its_limit_weaker(found: FoundLimits, folder: Path) -> None:
    for fit in ("mjj-traditional-odd", "mjj-weak-W"):
        limit = json.loads((found.limits["odd", fit].folder(folder / "out") / LIMITS).read_text())["found"][0]
        total = _changes(found, folder, fit)["total"]
        assert limit["systematic"] == total
        assert all(point["error"] >= total * point["efficiency"] for point in limit["efficiencies"])
