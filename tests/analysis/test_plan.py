"""Which stages a search makes, and what redoes them."""

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from analysis import searches
from analysis.engine.stage import Stage, in_order
from analysis.limit_plan import limit_stage
from analysis.pipeline import Pipeline

FORGOTTEN = ("key", "injected")


def _stages(*overrides: str, name: str = "cms-dijet") -> dict[str, str]:
    """Keys of all stages of a run by name."""
    pipeline = Pipeline(searches.load(name, None, overrides))
    return {stage.name: stage.key for stage in in_order([pipeline.report])}


def _changed(*overrides: str) -> set[str]:
    before, after = _stages(), _stages(*overrides)
    return {name.split("-")[0] for name in before if before[name] != after.get(name)}


def test_another_kept_fraction_redoes_the_cut_and_what_follows_but_no_training() -> None:
    changed = _changed("detectors.cwola.cut_options={kept: 0.02}")
    assert changed == {"cut", "fit", "global", "excess", "explain", "report"}


@pytest.mark.parametrize(
    ("override", "untouched"),
    [
        ("injections.x_to_yy_3000.seed=7", {"select", "shape"}),
        ("detectors.cwola.seed=7", {"select", "shape"}),
        ("masses.high=4 TeV", {"select", "shape", "train", "score", "cut"}),
        ("global_significance.toys=7", {"select", "shape", "train", "score", "cut", "fit"}),
        ("fit.limits=true", {"select", "shape", "train", "score", "cut"}),
    ],
)
def test_a_setting_redoes_only_what_depends_on_it(override: str, untouched: set[str]) -> None:
    changed = _changed(override)
    assert changed and not changed & untouched


def test_more_windows_share_selections_and_do_not_retrain_those_that_are_there() -> None:
    alone, more = _stages(), _stages("windows=[B3, A4]")
    assert alone["train-cwola-B3"] == more["train-cwola-B3"]
    assert alone["fit-mjj"] == more["fit-mjj"]
    assert sum(name.startswith("select-") for name in more) == 2


def test_what_no_detector_takes_trains_none_again() -> None:
    unused = ("priors={80-80: [x_to_yy_3000]}", "own_windows={wide: {low: 2700, high: 3400}}")
    alone, more = _stages(), _stages(*unused)
    assert alone["train-cwola-B3"] == more["train-cwola-B3"]


def test_several_detectors_run_side_by_side() -> None:
    stages = _stages("detectors.networks={detector: cwola-hunting}")
    assert {"train-cwola-B3", "train-networks-B3", "fit-mjj-cwola-B3", "fit-mjj-networks-B3"} <= set(stages)


def test_limits_train_again_for_every_injected_cross_section_and_seed() -> None:
    plan = Pipeline(searches.load("cms-dijet", None)).plan
    limit = limit_stage(plan, "x_to_yy_3000", "mjj-cwola-B3", {4.0: 1, 8.0: 3})
    trainings = {stage.key for stage in in_order([limit]) if stage.name.startswith("train-")}
    assert len(trainings) == 1 + 4


def _key(stage: Stage) -> str:
    return stage.key


@pytest.mark.parametrize("name", searches.of_resonances())
def test_stages_can_be_sent_to_another_process_and_keep_their_key(name: str) -> None:
    stages = in_order([Pipeline(searches.load(name, None)).report])
    assert [one.key for one in pickle.loads(pickle.dumps(stages))] == [one.key for one in stages]
    if name == "cms-dijet":
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            assert pool.submit(_key, stages[-1]).result() == stages[-1].key
