"""Which engine a description means, and what is said about one that there is none of."""

from importlib.util import find_spec

import pytest

from analysis.engine.engines import Local, opened
from analysis.engine.job import Tools
from analysis.engine.running import run_stages
from analysis.engine.stage import Stage
from errors import MaplessError
from tests.analysis.engine import tasks

with_dask = pytest.mark.skipif(find_spec("distributed") is None, reason="the extra dask is not installed")


@pytest.mark.parametrize(("description", "processes"), [("local", 3), ("local:2", 2)])
def test_local_engines_have_as_many_processes_as_they_say(description, processes):
    with opened(description, workers=3) as engine:
        assert engine == Local(processes)
    assert engine.slots(8) == processes
    assert engine.slots(1) == 1
    assert engine.threads(4, engine.slots(2)) == 2


@pytest.mark.parametrize("description", ["", "dask", "dask:", "slurm", "spark:there", "local:0", "local:two"])
def test_an_engine_that_does_not_exist_is_refused(description):
    with pytest.raises(MaplessError, match="--engine"), opened(description):
        pass


def test_without_dask_the_way_out_is_named(monkeypatch):
    monkeypatch.setattr("analysis.engine.engines.find_spec", lambda name: None)
    with pytest.raises(MaplessError, match="MAPLESS_EXTRAS=dask source setup.sh"), opened("dask:here:8786"):
        pass


def test_a_worker_with_other_code_is_refused(tmp_path, monkeypatch):
    stages = [Stage(text, tasks.write, {"text": text}) for text in "ab"]
    monkeypatch.setattr("analysis.engine.running._code", lambda group: "another version")
    with pytest.raises(MaplessError, match="another version of the code"):
        run_stages(stages, tmp_path, Tools(), engine=Local(2))


@with_dask
def test_a_scheduler_that_does_not_answer_is_named():
    with (
        pytest.raises(MaplessError, match="no scheduler answers there"),
        opened("dask:tcp://127.0.0.1:1"),
    ):
        pass


@with_dask
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("jobs: [", "this is no YAML"),
        ("memory: 4GB", "name the number of `jobs`"),
        ("jobs: 0", "name the number of `jobs`"),
        ("{jobs: 1, memoy: 4GB}", "memoy"),
    ],
)
@pytest.mark.parametrize("kind", ["slurm", "htcondor"])
def test_settings_of_jobs_that_mean_nothing_are_refused_with_their_file(tmp_path, kind, content, message):
    file = tmp_path / "jobs.yaml"
    file.write_text(content)
    with pytest.raises(MaplessError, match=message) as told, opened(f"{kind}:{file}"):
        pass
    assert str(file) in str(told.value)
