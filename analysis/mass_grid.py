"""A grid of two masses that a search looks at, and the background of its cells, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from errors import MaplessError
from models.window import Window

Interval = tuple[float, float]


@dataclass(frozen=True)
class TaggedBackground:
    """The background of tagged events in a window, from those without the tag (arXiv:2306.03637).

    The ratio of tagged to other events is learnt in both sidebands of the window, from `features`, and
    weights the events in the window that have no tag. `replicas` say how often this is done again with
    events drawn again, which gives the uncertainty.
    """

    tag: str
    threshold: float
    window: Window
    features: tuple[str, ...]
    replicas: int = 100


@dataclass(frozen=True)
class MassGrid:
    """Overlapping windows in one mass, and in each a spectrum in another (`fits.significance.grid_hunt`).

    Args:
        name: of the grid.
        region: whose events it holds.
        columns: of the mass with the windows and of the mass with the spectra, in GeV.
        titles: of their axes.
        windows: (low, high) in the first mass (GeV).
        edges: of the bins in the second mass (GeV).
        background: of events with the tag, in its window.
        hunt, category: whose events it holds; without a hunt all.
        conditions: intervals in further columns that its events lie in.
    """

    name: str
    region: str
    columns: tuple[str, str]
    titles: tuple[str, str]
    windows: tuple[Interval, ...]
    edges: tuple[float, ...]
    background: TaggedBackground
    hunt: str = ""
    category: str = ""
    conditions: Mapping[str, Interval] = field(default_factory=dict)

    @property
    def read(self) -> tuple[str, ...]:
        """All columns that it reads."""
        own = self.background
        return (*self.columns, own.tag, own.window.column, *own.features, *self.conditions)


def overlapping_windows(low: float, high: float, width: float) -> tuple[Interval, ...]:
    """Windows of relative width from `low` to `high` (GeV), each of which begins in the middle of the last.

    >>> [(round(first), round(last)) for first, last in overlapping_windows(60, 100, 0.25)]
    [(60, 75), (67, 84), (75, 94), (84, 105)]
    """
    if not 0 < low < high or width <= 0:
        raise MaplessError(f"no windows of relative width {width:g} from {low:g} to {high:g} GeV")
    ends, step = [low], (1 + width) ** 0.5
    while len(ends) < 3 or ends[-1] < high:  # noqa: PLR2004
        ends.append(ends[-1] * step)
    return tuple(zip(ends, ends[2:], strict=False))
