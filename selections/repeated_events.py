"""Events that a snapshot holds more than once: same run, luminosity block and event number."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from selections.snapshot import EVENT_NAME, read


@dataclass(frozen=True)
class RepeatedEvents:
    """How many events are there again, and run, luminosity block and event number of the first of them."""

    n_events: int
    first: tuple[int, ...]

    def __str__(self) -> str:
        names = ", ".join(
            f"{name.replace('_', ' ')} {number}" for name, number in zip(EVENT_NAME, self.first, strict=True)
        )
        return f"{self.n_events:,} selected events are there more than once (first {names})"


def repeated_events(path: str | Path) -> RepeatedEvents | None:
    """Those of a file that `selections.snapshot.write` made, in whose order they are neighbours; or None."""
    names = read(path, EVENT_NAME)
    again = np.logical_and.reduce([names[name][1:] == names[name][:-1] for name in EVENT_NAME])
    if not again.any():
        return None
    first = int(np.argmax(again))
    return RepeatedEvents(int(again.sum()), tuple(int(names[name][first]) for name in EVENT_NAME))
