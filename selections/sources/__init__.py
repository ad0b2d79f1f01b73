"""Sources of events: one file per format, all giving the same canonical columns."""

from selections.sources.events import Events, LostFile
from selections.sources.opening import open_events

__all__ = ["Events", "LostFile", "open_events"]
