"""The contract of every anomaly detector, and the detectors by name."""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from inspect import signature
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from errors import MaplessError

Events = Mapping[str, ArrayLike]
"""Columns by name, each an array of shape (n_events,)."""

Progress = Callable[[int, int], None]
"""Called with (steps done, steps in total) while a detector trains."""

# Named as strings so that listing the detectors does not import TensorFlow.
_DETECTORS = {
    "cwola-hunting": "models.cwola:CWoLaHunting",
    "cwola-hunting-trees": "models.cwola_trees:CWoLaBoostedTrees",
}


class AnomalyDetector(ABC):
    """Learns from unlabelled events and scores them: the higher the score, the more anomalous."""

    @abstractmethod
    def fit(self, events: Events, progress: Progress | None = None) -> Self:
        """Train on events (columns of shape (n_events,)) and return the detector itself."""

    @abstractmethod
    def score(self, events: Events) -> NDArray[np.float64]:
        """Score events; shape (n_events,), higher is more anomalous."""

    @abstractmethod
    def threshold(self, events: Events, scores: ArrayLike, efficiency: float | None = None) -> float:
        """Find the score above which a fraction `efficiency` of background-like events lies."""

    @abstractmethod
    def save(self, path: Path) -> None:
        """Write the trained detector to a folder, complete or not at all."""

    @classmethod
    @abstractmethod
    def load(cls, path: Path) -> Self:
        """Read a detector that `save` wrote."""


def names() -> list[str]:
    """Names of the detectors that `create` knows.

    >>> names()
    ['cwola-hunting', 'cwola-hunting-trees']
    """
    return sorted(_DETECTORS)


def create(name: str, **parameters: Any) -> AnomalyDetector:
    """Make an untrained detector by name.

    Raises:
        MaplessError: there is no detector of that name, or it has no setting of a given name.
    """
    if name not in _DETECTORS:
        raise MaplessError(f"there is no detector '{name}'; choose one of {', '.join(names())}")
    module, kind = _DETECTORS[name].split(":")
    detector = getattr(import_module(module), kind)
    known = list(signature(detector).parameters)
    for parameter in parameters:
        if parameter not in known:
            raise MaplessError(f"{name} has no setting '{parameter}'; it has {', '.join(known)}")
    return cast(AnomalyDetector, detector(**parameters))


def column(events: Events, name: str) -> NDArray[Any]:
    """Take one column as a finite array of shape (n_events,).

    Raises:
        MaplessError: the column is missing, or holds values that are not finite numbers.
    """
    if name not in events:
        raise MaplessError(f"column '{name}' is missing; select it before training or scoring")
    values = np.asarray(events[name])
    bad = int(np.count_nonzero(~np.isfinite(values)))
    if bad:
        raise MaplessError(
            f"column '{name}' is not a finite number in {bad} of {len(values)} events; "
            "mend its definition or cut these events"
        )
    return values


@contextmanager
def write_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path` that takes its name when all is written, else vanishes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield folder
        if path.exists():
            shutil.rmtree(path)
        folder.rename(path)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
