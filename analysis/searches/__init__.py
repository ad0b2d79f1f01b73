"""The searches: each module here has `Settings` and `declare(settings)`, and its YAML in `analysis/configs`.

A module `cms_dijet` is the search `cms-dijet`. A search of one's own is named as `package.module`.
"""

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import Any

from analysis.class_search import ClassSearch
from analysis.engine.settings import override, read_values, validated
from analysis.sample_table import SampleSettings
from analysis.search import Search
from analysis.search_settings import CommonSettings, SearchSettings
from analysis.search_variants import with_own, with_signal_shape
from errors import MaplessError

DEFAULT = "cms-dijet"
"""The search that runs if none is named."""

CONFIGURATIONS = Path(__file__).parents[1] / "configs"


def names() -> list[str]:
    """Names of the searches that come with the suite."""
    modules = [module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__)]
    return [name for name in modules if _configuration(name).is_file()]


def of_resonances() -> list[str]:
    """Names of those that look for resonances."""
    return [name for name in names() if issubclass(module(name).Settings, SearchSettings)]


def load(name: str | None, config: Path | None, overrides: tuple[str, ...] = ()) -> SearchSettings:
    """Settings of a search for resonances, as `load_any`; MaplessError for a search of another kind."""
    settings = load_any(name, config, overrides)
    if not isinstance(settings, SearchSettings):
        raise MaplessError(
            f"search: {settings.search} looks for no resonance, so it has no detectors, windows or limits; "
            "it takes run, select, scan, report, show, status and clean"
        )
    return settings


def load_any(name: str | None, config: Path | None, overrides: tuple[str, ...] = ()) -> CommonSettings:
    """Settings of a search: from a YAML file, whose key `search` names it, or the file that it comes with.

    A file without `search`, given with a name, says what differs: the other keys are those of the file that
    the named search comes with.

    Raises MaplessError for an unknown search, for a name that contradicts the file, and as `load_settings`.
    """
    path = config or configuration(DEFAULT if name is None else name)
    values = read_values(path)
    if "search" not in values and name is not None:
        values = read_values(configuration(name)) | values
    if "search" not in values:
        raise MaplessError(f"{path}: search is missing; name one of {', '.join(names())}, here or as SEARCH")
    override(values, overrides)
    if name is not None and values["search"] != name:
        raise MaplessError(f"{path} is of the search {values['search']}, not {name}; leave the name out")
    settings: CommonSettings = validated(values, module(values["search"]).Settings, path)
    return settings.model_copy(update={"samples": _resolved(settings, path.resolve().parent)})


def configuration(name: str) -> Path:
    """The YAML file that a search comes with; MaplessError for an unknown one."""
    return _configuration(_known(name))


def declare(settings: SearchSettings) -> Search:
    """The search of these settings, with the columns, cuts and shape of a signal of one's own."""
    search: Search = module(settings.search).declare(settings)
    own, shape = settings.selection, settings.signal_shape
    if own.columns or own.cuts:
        search = with_own(search, own.columns, own.cuts)
    return with_signal_shape(search, shape) if shape else search


def declare_any(settings: CommonSettings) -> Search | ClassSearch:
    """The search of these settings, of whatever kind."""
    if isinstance(settings, SearchSettings):
        return declare(settings)
    search: ClassSearch = module(settings.search).declare(settings)
    return search


def module(name: Any) -> ModuleType:
    """The module of a search, by its name or as `package.module`; MaplessError if there is none."""
    own = all(part.isidentifier() for part in str(name).split(".")) and "." in str(name)
    place = str(name) if own else f"{__name__}.{_known(str(name)).replace('-', '_')}"
    try:
        found = importlib.import_module(place)
    except ModuleNotFoundError as error:
        if error.name is None or not (place == error.name or place.startswith(f"{error.name}.")):
            raise
        raise MaplessError(f"search: there is no module {place}; is its folder on PYTHONPATH?") from None
    for part in ("Settings", "declare"):
        if not hasattr(found, part):
            raise MaplessError(f"search: module {place} has no {part}; see docs/extending.md")
    return found


def _known(name: str) -> str:
    if name not in names():
        raise MaplessError(f"search: no search is called {name!r}; known: {', '.join(names())}")
    return name


def _configuration(name: str) -> Path:
    return CONFIGURATIONS / f"{name.replace('-', '_')}.yaml"


def _resolved(settings: CommonSettings, folder: Path) -> dict[str, SampleSettings]:
    """The samples of a configuration: files relative to it, and the year of the data where none is named."""
    data = settings.samples.get(settings.data) if settings.data else None
    samples = settings.samples.items()
    return {name: (sample.like(data) if data else sample).at(folder) for name, sample in samples}
