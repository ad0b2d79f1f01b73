"""The same function of many values, in several processes."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

Value = TypeVar("Value")
Answer = TypeVar("Answer")


def in_parallel(
    function: Callable[[Value], Answer],
    values: Sequence[Value],
    workers: int = 1,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> list[Answer]:
    """Answers in the order of the values, from so many processes; `report(done, total)` hears of each.

    Every process computes in one thread: the matrices of fits are small, and threads that wait for each other
    took ten times the processor time.

    >>> in_parallel(abs, [-1, 2])
    [1, 2]
    """
    with (
        threadpool_limits(1),
        ProcessPoolExecutor(workers, initializer=threadpool_limits, initargs=(1,)) as pool,
    ):
        answers = []  # whole: a generator that is left half-way would end the processes nobody knows when
        for answer in pool.map(function, values) if workers > 1 else map(function, values):
            answers.append(answer)
            report(len(answers), len(values))
        return answers
