"""Sources of events: one file per format, all giving the same canonical columns."""

from selections.sources.opened import LostFile, OpenedEvents
from selections.sources.opening import open_apart, open_events

__all__ = ["LostFile", "OpenedEvents", "open_apart", "open_events"]
