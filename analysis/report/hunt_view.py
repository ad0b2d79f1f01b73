"""What the figures of one hunt are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.sample import SamplePart
from models.events import Events, Mask
from models.window import Window


@dataclass(frozen=True)
class SampleFiles:
    """The event files of a sample in its parts, and the canonical columns that they lack."""

    parts: tuple[SamplePart, ...]
    lacks: frozenset[str]


@dataclass(frozen=True)
class HuntView:
    """The data after one hunt in one window.

    Args:
        name, title: for files and captions.
        events: all data of the region, with injected signal.
        scores: of these events, each (n,).
        kept: masks (n,) of the categories.
        inside: mask (n,) of the events in the window, all of them without one.
        window: that it hunts in, None without one.
        samples: of the data under 0, and of each injection under its number, as `events["injected"]`.
        label: whose figures these are.
    """

    name: str
    title: str
    events: Events
    scores: Mapping[str, np.ndarray]
    kept: Mapping[str, Mask]
    inside: Mask
    window: Window | None
    samples: Mapping[int, SampleFiles]
    label: str
