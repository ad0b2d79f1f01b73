"""What a search keeps of its selected events: the columns that something reads, and nothing else."""

from collections.abc import Iterator

from analysis.search import Hunt, Search
from analysis.stages.select import EVENT_COLUMNS
from errors import MaplessError
from models.anomaly_cut import AnomalyCut
from models.made import Made, make
from models.registry import make_cut, make_detector
from selections.blocks import stored_names
from selections.scores import NAME_OF_EVENT

ALWAYS_THERE = ("key", "injected")
"""Of all events, whatever is selected (`models.events`)."""


def kept_columns(search: Search) -> dict[str, tuple[str, ...]]:
    """Columns by region that spectra, detectors, cuts and figures read.

    Raises MaplessError for a hunt whose sources are not those that its detector learns from.
    """
    always = dict.fromkeys((*EVENT_COLUMNS, *search.kept))
    kept: dict[str, dict[str, None]] = {region: dict(always) for region in search.regions}
    for region, column in _read(search):
        if column not in ALWAYS_THERE:
            kept[region] |= dict.fromkeys(stored_names(column))
    return {region: tuple(columns) for region, columns in kept.items()}


def offered_cut(search: Search, hunt: Hunt) -> Made:
    """The cut of a hunt, which is offered the mass of its first spectrum, for cuts that depend on it."""
    column = search.spectrum(hunt.spectra[0]).column
    return Made(hunt.cut.name, hunt.cut.options, {"column": column, **hunt.cut.offered})


def check_scores(search: Search, hunt: Hunt) -> None:
    """Raise MaplessError for a cut on a score that the detector does not give, and names that are taken."""
    window = hunt.windows[0] if hunt.windows else None
    given = make_detector(hunt.detector, window=window).scores
    cut = make_cut(offered_cut(search, hunt), window=window)
    for what, names in (("score", given), ("category", cut.categories)):
        if taken := [name for name in names if name in NAME_OF_EVENT]:
            raise MaplessError(
                f"hunt {hunt.name}: a {what} cannot be called {taken[0]}, as a column that names events; "
                "rename it"
            )
    unknown = [name for name in cut.scores if name not in given]
    if unknown:
        raise MaplessError(
            f"hunt {hunt.name}: {hunt.cut.name} cuts on the score {unknown[0]!r}, but {hunt.detector.name} "
            f"gives {', '.join(given)}"
        )


def _check_cut(search: Search, hunt: Hunt, cut: AnomalyCut) -> None:
    """Raise MaplessError for categories that cannot be combined as the hunt says."""
    if not cut.exclusive and "together" in (hunt.search, hunt.limits):
        raise MaplessError(
            f"hunt {hunt.name}: categories of {hunt.cut.name} share events ({', '.join(cut.categories)}), so "
            "that they cannot be fitted together; search them separately or merged"
        )
    if cut.per_mass and len({search.spectrum(name).column for name in hunt.spectra}) > 1:
        raise MaplessError(
            f"hunt {hunt.name}: {hunt.cut.name} follows one mass, but the hunt has spectra in several; give "
            "each a hunt of its own"
        )


def _read(search: Search) -> Iterator[tuple[str, str]]:
    """Region and column of all that is read."""
    for spectrum in search.spectra:
        within = [spectrum.within.column] if spectrum.within else []
        columns = (spectrum.column, *within, *search.described, *search.features)
        yield from ((spectrum.region, column) for column in columns)
    for grid in search.grids:
        yield from ((grid.region, column) for column in grid.read)
    figures = [column for made in search.figures for column in make(made, {}).columns]
    for hunt in search.hunts:
        window = hunt.windows[0] if hunt.windows else None
        detector = make_detector(hunt.detector, window=window)
        if set(hunt.training) != set(detector.roles):
            raise MaplessError(
                f"hunt {hunt.name}: {hunt.detector.name} learns from {', '.join(detector.roles)}, not "
                f"from {', '.join(hunt.training) or 'nothing'} as this search gives it"
            )
        missing = [role for role in detector.roles if role not in detector.columns]
        if missing:
            raise MaplessError(
                f"{hunt.detector.name} does not say which columns it reads of its {missing[0]}"
            )
        for role, source in hunt.training.items():
            yield from ((source.region, column) for column in detector.columns[role])
        cut = make_cut(offered_cut(search, hunt), window=window)
        _check_cut(search, hunt, cut)
        regions = dict.fromkeys([hunt.learn_on.region, *(search.spectrum(s).region for s in hunt.spectra)])
        regions |= dict.fromkeys(grid.region for grid in search.grids if grid.hunt == hunt.name)
        read = [*detector.score_columns, *cut.columns, *figures]
        yield from ((region, column) for region in regions for column in read)
