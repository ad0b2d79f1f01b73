"""Level-1 trigger inputs of CMS as hardware integers, from every format that the field uses.

`hardware` says what the integers mean, `events` holds them, `files` reads them.
"""

from selections.level1.events import Level1Events
from selections.level1.files import read
from selections.level1.hardware import INPUT_NAMES, OBJECT_SLOTS, object_inputs

__all__ = ["INPUT_NAMES", "OBJECT_SLOTS", "Level1Events", "object_inputs", "read"]
