"""The searches by name, one file each."""

import importlib

from analysis.search import Search
from errors import MaplessError

MODULES = {"cms-dijet": "analysis.searches.cms_dijet"}


def get(name: str) -> Search:
    """Return a search; raises MaplessError naming the known ones."""
    if name not in MODULES:
        raise MaplessError(f"no search is called {name!r}; known: {', '.join(MODULES)}")
    return importlib.import_module(MODULES[name]).SEARCH
