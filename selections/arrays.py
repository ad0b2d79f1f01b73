"""Streams of arrays by name, each holding the same rows: cut into batches, joined, interleaved."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


def rebatched(parts: Iterator[Arrays], size: int) -> Iterator[Arrays]:
    """The rows of arrays of any lengths in batches of `size`; the last one may be smaller.

    >>> [batch["x"].tolist() for batch in rebatched(iter([{"x": np.arange(3)}, {"x": np.arange(4)}]), 3)]
    [[0, 1, 2], [0, 1, 2], [3]]
    """
    waiting: list[Arrays] = []
    missing = size
    for part in parts:
        start, end = 0, n_rows(part)
        while end - start >= missing:
            waiting.append({name: values[start : start + missing] for name, values in part.items()})
            start += missing
            yield joined(waiting)
            waiting, missing = [], size
        if start < end:
            waiting.append({name: values[start:] for name, values in part.items()})
            missing -= end - start
    if waiting:
        yield joined(waiting)


def joined(parts: Sequence[Mapping[str, NDArray[Any]]]) -> Arrays:
    """Arrays one after the other, by name."""
    if len(parts) == 1:
        return dict(parts[0])
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def interleaved(streams: Sequence[Iterator[Arrays]], turns: NDArray[np.intp], size: int) -> Iterator[Arrays]:
    """Batches of `size` rows, of which row i of all comes from the stream `turns[i]`.

    >>> streams = [iter([{"x": np.array([1, 2])}]), iter([{"x": np.array([30, 40])}])]
    >>> [batch["x"].tolist() for batch in interleaved(streams, np.array([1, 0, 0, 1]), 3)]
    [[30, 1, 2], [40]]
    """
    waiting: list[Arrays] = [{} for _ in streams]
    for start in range(0, len(turns), size):
        chosen = turns[start : start + size]
        taken = []
        for i, stream in enumerate(streams):
            wanted = int(np.count_nonzero(chosen == i))
            while wanted > n_rows(waiting[i]):
                waiting[i] = joined([part for part in (waiting[i], next(stream)) if part])
            if wanted:
                taken.append({name: values[:wanted] for name, values in waiting[i].items()})
                waiting[i] = {name: values[wanted:] for name, values in waiting[i].items()}
        places = np.argsort(np.argsort(chosen, kind="stable"))
        yield {name: values[places] for name, values in joined(taken).items()}


def n_rows(arrays: Mapping[str, NDArray[Any]]) -> int:
    """Number of rows of arrays; none of nothing."""
    return len(next(iter(arrays.values()), ()))
