"""The stages of a trigger run as data: what makes which of them run again, in any process."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.engine.job import Tools
from analysis.engine.running import run_stages
from analysis.engine.stage import in_order
from analysis.simulation.level1.menu import DEFAULT_MENU
from analysis.trigger.configuration import load_trigger_configuration
from analysis.trigger.pipeline import TriggerPipeline
from analysis.trigger.study import StudyOptions
from errors import MaplessError
from selections import level1

REPOSITORY = Path(__file__).parents[3]
SAMPLES = REPOSITORY / "analysis" / "samples"
FILES = [f"sample.files.level1_{name}={SAMPLES / f'level1_{name}.root'}" for name in ("ttbar", "h_to_4b")]


def pipeline(*overrides: str) -> TriggerPipeline:
    """A run on simulated zero-bias events and two signals from files, one of them shown to the training."""
    signals = ["sample.signals=[level1_ttbar, level1_h_to_4b]", "training.outliers=[level1_h_to_4b]"]
    return TriggerPipeline(
        load_trigger_configuration(None, ("model=cicada_v2p1p2", *FILES, *signals, *overrides))
    )


def other_keys(*overrides: str) -> set[str]:
    """Names of the stages that some settings make run again."""
    stages = {stage.key for stage in in_order([pipeline().report])}
    return {stage.name for stage in in_order([pipeline(*overrides).report]) if stage.key not in stages}


TRAINED = {"train", "build", "report"}


@pytest.mark.parametrize(
    ("setting", "again"),
    [
        ("rates.targets=[3]", {"report"}),
        ("rates.bunches=1000", {"report"}),
        ("firmware.n_events=7", {"build", "report"}),
        ("training.epochs=3", TRAINED),
        ("training.fraction=0.3", TRAINED),
        ("training.outliers=[]", TRAINED),
        ("model=cicada_v1p1p2", TRAINED),
        ("sample.seed=2", TRAINED | {"level1_zero_bias"}),
        ("sample.n_zero_bias=200", TRAINED | {"level1_zero_bias"}),
        ("sample.signals=[level1_h_to_4b]", {"report"}),
        (f"sample.files.level1_ttbar={SAMPLES / 'level1_h_to_4tau.root'}", {"report"}),
        (f"sample.files.level1_h_to_4b={SAMPLES / 'level1_h_to_4tau.root'}", TRAINED),
        (f"sample.files.level1_zero_bias={SAMPLES / 'level1_h_to_4tau.root'}", TRAINED),
    ],
)
def test_a_setting_redoes_only_what_depends_on_it(setting: str, again: set[str]) -> None:
    assert other_keys(setting) == again


def test_another_menu_of_triggers_makes_another_sample() -> None:
    assert DEFAULT_MENU in pipeline().samples["level1_zero_bias"].input_files


def test_a_study_depends_on_the_content_of_the_model_that_it_compares_with(tmp_path: Path) -> None:
    def key() -> str:
        options = StudyOptions((4,), (0.0,), reference=tmp_path / "reference")
        return pipeline("model=axol1tl", "training.outliers=[]").study(options).key

    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "trigger_model.json").write_text("{}")
    before = key()
    assert key() == before
    (tmp_path / "reference" / "trigger_model.json").write_text("[]")
    assert key() != before


def test_another_process_finds_the_same_stages(tmp_path: Path) -> None:
    options = StudyOptions((4,), (0.0,))
    several = pipeline("training.outliers=[]", "model=axol1tl")
    stages = [several.report, several.study(options), *several.samples.values()]
    (tmp_path / "stages").write_bytes(pickle.dumps(stages))
    script = "import pickle, sys; print(*(stage.key for stage in pickle.load(open(sys.argv[1], 'rb'))))"
    command = [sys.executable, "-c", script, str(tmp_path / "stages")]
    answer = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == [stage.key for stage in stages]


def test_samples_are_simulated_and_an_interruption_keeps_what_is_complete(
    tmp_path: Path,
) -> None:
    def stop(done: int, wanted: int) -> None:
        raise KeyboardInterrupt

    tiny = pipeline("sample.files={}", "sample.n_zero_bias=100", "sample.n_signal=3", "sample.quality=tiny")
    assert set(tiny.samples) == {"level1_zero_bias", "level1_ttbar", "level1_h_to_4b"}
    signal = tiny.samples["level1_ttbar"]
    with pytest.raises(MaplessError, match="what is complete is kept in") as stopped:
        run_stages([signal], tmp_path, Tools(stop))
    (kept,) = (tmp_path / "stages").iterdir()
    assert str(kept) in str(stopped.value)
    (chunk,) = kept.iterdir()
    assert chunk.suffix == ".npz"

    run_stages([signal], tmp_path, Tools())
    assert len(level1.read(signal.folder(tmp_path) / "events.root")) == 3
    assert list((tmp_path / "stages").iterdir()) == [signal.folder(tmp_path)]
