"""How the processes of a run are ended."""

import multiprocessing

from analysis.engine import workers


def test_a_process_that_ends_while_it_is_stopped_is_no_error(monkeypatch):
    process = multiprocessing.get_context("fork").Process(target=int)
    process.start()
    process.join()
    monkeypatch.setattr(process, "is_alive", lambda: True)  # as it was when it was asked
    workers._end({process})
    assert process.exitcode == 0
