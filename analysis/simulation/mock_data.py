"""Mock data: unweighted events of simulated samples, each as often as its cross section says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import uproot
from numpy.typing import NDArray

from analysis.simulation.chunks import COLLECTIONS
from analysis.simulation.columns import Columns
from errors import MaplessError
from selections import canonical_writer

EVENTS_AT_ONCE = 20_000
MOST_DRAWN = 1e15
"""More than any sample has; numpy draws no more than 1e18."""


@dataclass(frozen=True)
class Ingredient:
    """A sample to draw from, with its cross section after the selection (pb)."""

    path: Path
    n_events: int
    cross_section: float


def draw_mock_data(
    ingredients: Mapping[str, Ingredient], luminosity: float, seed: int, run: int, output: Path
) -> int:
    """Write mock data of a luminosity (1/pb) as one RNTuple; return the number of events.

    Of each ingredient a Poisson-distributed number of events is drawn, each at most once, with weight 1, the
    given run number and new event numbers, which do not tell the sample that an event is from; its truth
    label and the order in the file do. The same arguments draw the same events.

    Raises MaplessError for a sample with fewer events than are drawn.
    """
    rng = np.random.default_rng(seed)
    parts: list[Columns] = []
    for name, sample in ingredients.items():
        expected = luminosity * sample.cross_section
        n_drawn = int(rng.poisson(min(expected, MOST_DRAWN)))
        if n_drawn > sample.n_events:
            raise MaplessError(
                f"mock data of {luminosity / 1000:g} /fb hold {n_drawn:,} events of {name}, which has "
                f"{sample.n_events:,}; simulate more of them or lower the luminosity"
            )
        chosen = np.sort(rng.permutation(sample.n_events)[:n_drawn])
        parts.extend(_read(sample.path, chosen))
    numbers = rng.permutation(sum(len(part["event"]) for part in parts))
    canonical_writer.write(output, _numbered(parts, run, numbers))
    return len(numbers)


def _read(path: Path, chosen: NDArray[np.int64]) -> Iterator[Columns]:
    """The chosen events of a sample, some of them at a time."""
    with uproot.open(path) as file:
        events = file[canonical_writer.TUPLE_NAME]
        for start in range(0, events.num_entries, EVENTS_AT_ONCE):
            stop = min(start + EVENTS_AT_ONCE, events.num_entries)
            here = chosen[np.searchsorted(chosen, start) : np.searchsorted(chosen, stop)] - start
            if len(here):
                yield _flat(events.arrays(entry_start=start, entry_stop=stop)[here])


def _flat(events: Any) -> Columns:
    """Columns as `writer.write` takes them: flat, with the number of items of each collection."""
    import awkward as ak

    columns: Columns = {}
    for name in events.fields:
        values = events[name]
        if values.ndim == 1:
            columns[name] = ak.to_numpy(values)
            continue
        collection = next(known for known in COLLECTIONS if name.startswith(f"{known}_"))
        columns[f"n_{collection}"] = ak.to_numpy(ak.num(values))
        columns[name] = ak.to_numpy(ak.flatten(values))
    return columns


def _numbered(parts: list[Columns], run: int, numbers: NDArray[np.int64]) -> Iterator[Columns]:
    done = 0
    for part in parts:
        size = len(part["event"])
        identity = {"run": np.full(size, run), "event": numbers[done : done + size]}
        yield part | identity | {"weight": np.ones(size)}
        done += size
