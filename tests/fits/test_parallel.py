import numpy as np
from threadpoolctl import threadpool_info

from fits.parallel import in_parallel


def n_threads(_value):
    np.ones((2, 2)) @ np.ones((2, 2))
    return max((pool["num_threads"] for pool in threadpool_info()), default=1)


def test_every_process_computes_in_one_thread():
    for workers in (1, 2):
        assert list(in_parallel(n_threads, [1, 2, 3], workers)) == [1, 1, 1]


def test_answers_keep_the_order_and_progress_is_heard():
    heard = []
    answers = in_parallel(abs, [-3, 1, -2], 2, lambda *progress: heard.append(progress))
    assert list(answers) == [3, 1, 2]
    assert heard == [(1, 3), (2, 3), (3, 3)]
