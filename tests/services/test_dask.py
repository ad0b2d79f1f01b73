"""Stages on a Dask cluster whose workers die, and a search on it: the products are those of one process."""

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from analysis.engine.engines import opened
from analysis.engine.job import Tools
from analysis.engine.manifest import read_manifest
from analysis.engine.running import run_stages
from analysis.engine.stage import Stage
from errors import MaplessError
from tests.analysis.engine import tasks

pytestmark = pytest.mark.skipif(
    find_spec("distributed") is None, reason="the extra dask is not installed; see tests/services/README.md"
)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two workers in processes of their own."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as made:
        yield made


def _products(stages: list[Stage], output: Path) -> list[Any]:
    manifests = [read_manifest(stage.folder(output)) for stage in stages]
    return [(one["key"], one["products"]) for one in manifests]


def test_stages_on_a_cluster_leave_what_they_leave_here(cluster: Any, tmp_path: Path) -> None:
    first = [Stage(text, tasks.write_batch, {"text": text}, batch="loop") for text in "ab"]
    stages = [*first, Stage("last", tasks.write, {"text": "c"}, {stage.name: stage for stage in first})]
    run_stages(stages, tmp_path / "here", Tools())
    with opened(f"dask:{cluster.scheduler_address}") as engine:
        run_stages(stages, tmp_path / "there", Tools(), engine=engine)
    assert _products(stages, tmp_path / "there") == _products(stages, tmp_path / "here")


def test_what_a_lost_worker_was_at_is_done_again(cluster: Any, tmp_path: Path) -> None:
    arguments = {"text": "a", "died": str(tmp_path / "died")}
    stages = [Stage("first", tasks.die_once, arguments), Stage("other", tasks.write, {"text": "b"})]
    with opened(f"dask:{cluster.scheduler_address}") as engine:
        run_stages(stages, tmp_path / "there", Tools(), engine=engine)
    assert (tmp_path / "died").exists()
    assert [file.name for file in stages[0].folder(tmp_path / "there").glob("*.txt")] == ["product.txt"]
    assert not list((tmp_path / "there" / "stages").glob("*.partial-*"))


def test_what_a_task_says_arrives_as_it_is(cluster: Any, tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    stage = Stage("bad", tasks.fail_beside_another, {"other": str(tmp_path / "other")})
    with (
        opened(f"dask:{cluster.scheduler_address}") as engine,
        pytest.raises(MaplessError, match=r"^events.root lacks m_jj; leave it out$"),
    ):
        run_stages([stage], tmp_path / "there", Tools(), engine=engine)


def test_a_stage_that_ends_every_worker_is_given_up(tmp_path: Path) -> None:
    import dask
    from distributed import LocalCluster

    (tmp_path / "other").touch()
    stage = Stage("bad", tasks.die_beside_another, {"other": str(tmp_path / "other")})
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),  # by itself after four workers
        LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None) as made,
        opened(f"dask:{made.scheduler_address}") as engine,
        pytest.raises(MaplessError, match="ended several workers"),
    ):
        run_stages([stage], tmp_path / "there", Tools(), engine=engine)


def test_workers_with_several_threads_are_refused() -> None:
    from distributed import LocalCluster

    with (
        LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as made,
        pytest.raises(MaplessError, match="start it with --nthreads 1"),
        opened(f"dask:{made.scheduler_address}"),
    ):
        pass


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("slurm", ["#SBATCH --cpus-per-task=2", "#SBATCH --mem=4G"]),
        ("htcondor", ["RequestCpus = MY.DaskWorkerCores", "MY.DaskWorkerMemory = 4000000000"]),
    ],
)
def test_jobs_ask_for_what_the_file_says_and_prepare_the_environment(
    tmp_path: Path, kind: str, lines: list[str]
) -> None:
    from analysis.engine.engines import _job_cluster, _job_settings

    file = tmp_path / "jobs.yaml"
    file.write_text(json.dumps({"jobs": 3, "cores": 2, "memory": "4GB", "interface": "lo"}))
    jobs, settings = _job_settings(kind, file)
    with _job_cluster(kind, settings, str(file)) as made:
        script = made.job_script()
    assert jobs == 3
    assert "setup.sh" in script
    assert "--nthreads 1" in script
    for line in lines:
        assert line in script
