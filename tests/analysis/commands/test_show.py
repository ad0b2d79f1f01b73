"""What `list` and `show` tell of detectors, cuts, and searches of one's own."""

from dataclasses import dataclass

import pytest

from analysis import searches
from analysis.commands.catalogue import cut_tables, detector_tables, options_of
from analysis.commands.show import print_search
from analysis.engine.stage import in_order
from analysis.limit_plan import limit_stage
from analysis.pipeline import Pipeline
from models.isolation_forest import IsolationForest


@pytest.fixture(scope="module")
def declared():
    return {name: searches.declare(searches.load(name, None)) for name in searches.of_resonances()}


def told(tables) -> dict[str, str]:
    """Searches that each table names, by the name of the detector or cut."""
    titles = [str(table.title) for table in tables]
    return {title.split("[bold]")[1].split("[/]")[0]: title.rpartition("fits ")[2] for title in titles}


def test_detectors_and_cuts_are_told_with_the_searches_that_they_fit(declared):
    detectors, cuts = told(detector_tables(declared)), told(cut_tables(declared))
    assert {"atlas-dijet", "cms-dijet"} <= set(detectors["cwola-hunting"].split(", "))
    assert {"cms-dijet", "multijet-forest"} <= set(detectors["isolation-forest"].split(", "))
    assert "multijet-forest" not in detectors["cwola-hunting"]
    assert detectors["vae-qr"] == "cms-dijet"
    assert {"atlas-dijet", "cms-dijet"} <= set(cuts["sideband-efficiency"].split(", "))
    assert "multijet-forest" in cuts["quantile-regression"]


def test_options_are_told_as_the_class_and_its_bases_say():
    @dataclass
    class Own(IsolationForest):
        """A forest of one's own.

        Args:
            depth, width: how far
                it grows.
        """

        depth: int = 3
        width: int = 4

    options = options_of(Own)
    assert options["features"] == ("by the search", "columns (n_events,) that it cuts in.")
    assert options["width"] == ("4", "how far it grows.")
    assert options["n_trees"] == (
        "100",
        "as `n_estimators` and `max_samples` of scikit-learn's IsolationForest.",
    )


def test_settings_of_a_search_of_ones_own_are_told_without_a_configuration(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    print_search("tests.robustness.probe_search", None, ())
    shown = capsys.readouterr().out
    assert "RangeSettings" in shown
    assert "must be given" in shown


def test_stages_of_closure_and_limits_are_told_apart():
    plan = Pipeline(searches.load("cms-dijet", None, ("injections={}",))).plan
    limit = limit_stage(plan, "x_to_yy_3000", "mjj-cwola-B3", {4.0: 2})
    titles = [stage.title for stage in in_order([limit])]
    assert "train-cwola-B3" in titles
    assert "train-cwola-B3 (limits, x_to_yy_3000, 4 fb)" in titles
    assert "train-cwola-B3 (limits, x_to_yy_3000, 4 fb, training 2)" in titles
    assert len(set(titles)) == len(titles)
