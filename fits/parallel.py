"""The same function of many values, in several processes."""

from collections.abc import Callable, Iterator, Sequence
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
) -> Iterator[Answer]:
    """Answers in the order of the values, from so many processes; `report(done, total)` hears of each.

    Every process computes in one thread: the matrices of fits are small, and threads that wait for each other
    took ten times the processor time.

    >>> list(in_parallel(abs, [-1, 2]))
    [1, 2]
    """
    with (
        threadpool_limits(1),
        ProcessPoolExecutor(workers, initializer=threadpool_limits, initargs=(1,)) as pool,
    ):
        answers = pool.map(function, values) if workers > 1 else map(function, values)
        for done, answer in enumerate(answers, start=1):
            report(done, len(values))
            yield answer
