"""Detectors and cuts as `list` shows them: the searches that they fit, and what their classes say."""

import inspect
import re
from collections.abc import Mapping
from dataclasses import replace

from rich.table import Table

from analysis.kept_columns import offered_cut
from analysis.search import Hunt, Search
from errors import MaplessError
from models.made import Made, find_class
from models.registry import CUTS, DETECTORS, make_cut, make_detector


def detector_tables(searches: Mapping[str, Search]) -> list[Table]:
    """One table per detector: what it is, the searches that give it what it needs, and its options."""
    return [
        _table("detector", name, DETECTORS, [key for key, one in searches.items() if _can_detect(one, name)])
        for name in sorted(DETECTORS)
    ]


def cut_tables(searches: Mapping[str, Search]) -> list[Table]:
    """The same of cuts."""
    return [
        _table("cut", name, CUTS, [key for key, one in searches.items() if _can_cut(one, name)])
        for name in sorted(CUTS)
    ]


def options_of(kind: type) -> dict[str, tuple[str, str]]:
    """Default and meaning of every option of a class, from its docstring and those of its bases."""
    said: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        said |= _arguments(inspect.cleandoc(base.__doc__ or ""))
    defaults = inspect.signature(kind).parameters
    return {
        name: ("by the search" if one.default is one.empty else _default(one.default), said.get(name, ""))
        for name, one in defaults.items()
    }


def _default(value: object) -> str:
    """A default as YAML would hold it; one that is made for each object has no such form."""
    return "" if "factory" in repr(value) else str(value)


def _arguments(text: str) -> dict[str, str]:
    """Names and meanings below "Args:" of a docstring; several names may share one.

    >>> _arguments("Args:\\n    a, b: both\\n        of them.\\n    c: one.\\n\\nRaises:\\n    d: no.")
    {'a': 'both of them.', 'b': 'both of them.', 'c': 'one.'}
    """
    section = re.search(r"^Args:\n((?:[ ]+.*\n?|\n(?=[ ]))*)", text, re.MULTILINE)
    entries = re.findall(r"^ {4}(\w[\w, ]*): (.*(?:\n {8}.*)*)", section[1] if section else "", re.MULTILINE)
    return {name: " ".join(meaning.split()) for names, meaning in entries for name in names.split(", ")}


def _can_detect(search: Search, name: str) -> bool:
    return any(
        _fits(search, replace(hunt, detector=Made(name, {}, hunt.detector.offered))) for hunt in search.hunts
    )


def _can_cut(search: Search, name: str) -> bool:
    return any(_fits(search, replace(hunt, cut=Made(name, {}, hunt.cut.offered))) for hunt in search.hunts)


def _fits(search: Search, hunt: Hunt) -> bool:
    """Whether a search offers a hunt's detector and cut all that they need."""
    window = hunt.windows[0] if hunt.windows else None
    try:
        detector = make_detector(hunt.detector, window=window)
        cut = make_cut(offered_cut(search, hunt), window=window)
    except MaplessError:
        return False
    together = "together" in (hunt.search, hunt.limits)
    roles = set(detector.roles)
    return (roles == set(hunt.training) or roles <= set(search.roles)) and (cut.exclusive or not together)


def _table(what: str, name: str, registry: Mapping[str, str], fitting: list[str]) -> Table:
    kind = find_class(name, registry)
    first = " ".join(inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0].split())
    title = f"{what} [bold]{name}[/]: {first}\nfits {', '.join(fitting) or 'none of these searches'}"
    table = Table(
        "option", "default", "meaning", title=title, title_justify="left", title_style="", expand=True
    )
    for option, (default, meaning) in options_of(kind).items():
        table.add_row(option, default, meaning)
    return table
