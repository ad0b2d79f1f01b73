"""What the figures of one hunt are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.events import Events, Mask


@dataclass(frozen=True)
class HuntView:
    """The data after one hunt in one window.

    Args:
        name, title: for files and captions.
        events: all data of the region, with injected signal.
        scores: of these events, each (n,).
        kept: masks (n,) of the categories.
        inside: mask (n,) of the events in the window, all of them without one.
        window: name, column, low, high; None without one.
        files: of the data under 0, and of each injection under its number, as `events["injected"]`.
        label: whose figures these are.
    """

    name: str
    title: str
    events: Events
    scores: Mapping[str, np.ndarray]
    kept: Mapping[str, Mask]
    inside: Mask
    window: Mapping[str, Any] | None
    files: Mapping[int, tuple[Path, ...]]
    label: str
