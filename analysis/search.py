"""What a search is: a selection, a detector with its mass windows, and where its default settings lie."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.configuration import DetectorSettings, SelectionSettings
from errors import MaplessError
from models.mass_windows import MassWindow
from selections.graph import Selection


@dataclass(frozen=True)
class Search:
    """One search as data; `columns` names what is kept of the selected events."""

    name: str
    title: str
    reference: str
    configuration: Path
    selection: Callable[[SelectionSettings, int], Selection]
    columns: Callable[[SelectionSettings], tuple[str, ...]]
    windows: Mapping[str, MassWindow]

    def mass_windows(self, settings: DetectorSettings) -> dict[str, MassWindow]:
        """Return the windows in use by name; raises MaplessError for one that nobody defined."""
        own = {name: MassWindow(window.low, window.high) for name, window in settings.own_windows.items()}
        known = {**self.windows, **own}
        missing = [name for name in settings.windows if name not in known]
        if missing:
            raise MaplessError(
                f"detector.windows: no window is called {missing[0]!r}; known: {', '.join(known)}, "
                "or define it in detector.own_windows"
            )
        kept = settings.kept_fraction
        chosen = {name: known[name] for name in settings.windows}
        return chosen if kept is None else {n: replace(w, kept_fraction=kept) for n, w in chosen.items()}
