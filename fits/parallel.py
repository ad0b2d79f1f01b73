"""The same function of many values, in several processes."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Value = TypeVar("Value")
Answer = TypeVar("Answer")


def in_parallel(
    function: Callable[[Value], Answer],
    values: Sequence[Value],
    workers: int = 1,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[Answer]:
    """Answers in the order of the values, from so many processes; `report(done, total)` hears of each.

    >>> list(in_parallel(abs, [-1, 2]))
    [1, 2]
    """
    with ProcessPoolExecutor(workers) as pool:
        answers = pool.map(function, values) if workers > 1 else map(function, values)
        for done, answer in enumerate(answers, start=1):
            report(done, len(values))
            yield answer
