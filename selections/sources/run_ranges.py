"""Triggers that change with the runs of a data set."""

import re
from collections.abc import Mapping, Sequence, Set

from errors import MaplessError
from selections.expressions import suggestion
from selections.sources.formats import Translation
from selections.steps import Column

_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?", re.ASCII)


def triggers_by_run(triggers: Mapping[str, Sequence[str]], somewhere: Set[str]) -> Translation:
    """The canonical column `passes_trigger`: one of the triggers of the range that the run is in.

    Ranges are written "first-last" or "run". Raises MaplessError for no ranges, for other ones, for two
    that overlap, and for triggers that are in none of the files.
    """
    if not triggers:
        raise MaplessError("triggers: there is no range of runs; write [] to ask for no trigger")
    ranges = sorted((*_ends(text), text) for text in triggers)
    for (_, last, text), (first, _, following) in zip(ranges, ranges[1:], strict=False):
        if first <= last:
            raise MaplessError(f"triggers: the runs {text} and {following} overlap")
    names = tuple(dict.fromkeys(name for some in triggers.values() for name in some))
    for name in names:
        if name not in somewhere:
            raise MaplessError(f"triggers: the files have no {name}{suggestion(name, somewhere)}")
    allowed = [
        f"(run >= {first} && run <= {last} && ({' || '.join(triggers[text]) or 'true'}))"
        for first, last, text in ranges
    ]
    note = "; ".join(f"runs {text}: {' or '.join(triggers[text]) or 'no trigger'}" for _, _, text in ranges)
    definition = Column("passes_trigger", " || ".join(allowed) or "true")
    defaults = dict.fromkeys(names, False)  # a path that was not in the menu of some runs did not fire
    return Translation((definition,), notes={"passes_trigger": note}, defaults=defaults)


def _ends(text: str) -> tuple[int, int]:
    found = _RANGE.fullmatch(text)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if first > last:
        raise MaplessError(f"triggers: {text!r} is no range of runs; write first-last")
    return first, last
