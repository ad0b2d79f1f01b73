import os

from threadpoolctl import threadpool_info

from analysis.engine.threads import BATCH_VARIABLES, available_cores, bound_libraries


def test_a_batch_job_has_the_cores_that_it_was_given(monkeypatch):
    for name in BATCH_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    here = available_cores()
    assert 1 <= here <= len(os.sched_getaffinity(0))
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "1")
    assert available_cores() == 1
    for no_number in ("", "many", "0", "100000"):
        monkeypatch.setenv("SLURM_CPUS_PER_TASK", no_number)
        assert available_cores() == here


def test_libraries_use_no_more_threads_than_they_may_and_are_free_again(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with bound_libraries(1):
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}
        assert os.environ["OMP_NUM_THREADS"] == os.environ["MKL_NUM_THREADS"] == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ
