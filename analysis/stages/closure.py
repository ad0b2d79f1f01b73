"""Stage `closure`: the search must find injected signal, and nothing where there is none."""

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import read_json, write_json
from analysis.stages.fit import RESULTS

CLOSURE = "closure.json"
BACKGROUND, INJECTED, CONTROL = "background", "injected", "control region"
MAX_BACKGROUND_SIGNIFICANCE = 3.5
MIN_SIGNAL_SIGNIFICANCE = 3.0
SIGNAL_MASS_TOLERANCE = 0.05
MIN_FIT_P_VALUE = 0.01


def check_closure(job: Job, tools: Tools) -> None:  # noqa: ARG001
    """Write `closure.json`: one entry per check with its value, its limit and whether it passed.

    Arguments: `mass` of the injected signal in GeV; after: the fits of hunts on background alone, under
    "background <name>", with signal, under "injected <name>", and of data that hold none, under
    "control region <name>".
    """
    mass = job.arguments["mass"]
    found = {
        name: [part for part in read_json(folder / RESULTS)["parts"] if "search" in part["purposes"]]
        for name, folder in job.after.items()
    }
    background = {name: parts for name, parts in found.items() if not name.startswith(INJECTED)}
    injected = {name: parts for name, parts in found.items() if name.startswith(INJECTED)}
    checks = [one for name, parts in background.items() for part in parts for one in _background(name, part)]
    if mass is not None:
        checks += _signal(injected, mass)
    write_json(job.folder / CLOSURE, checks)


def kind_of(fit: str) -> str:
    """What a fit of the closure test looks at, by its name.

    >>> kind_of("control region mjj-cwola-B3, seed 2"), kind_of("background mjj-cwola-B3")
    ('control region', 'background')
    """
    return next(kind for kind in (BACKGROUND, INJECTED, CONTROL) if fit.startswith(kind))


def seed_of(fit: str) -> int:
    """How far its seeds are from those of the search, counted from one.

    >>> seed_of("control region mjj-cwola-B3, seed 2"), seed_of("background mjj-cwola-B3")
    (2, 1)
    """
    return int(fit.partition(", seed ")[2] or 1)


def _signal(injected: Mapping[str, list[dict[str, Any]]], mass: float) -> Iterator[dict[str, Any]]:
    """Every fit that tests the mass of the injected signal must see it, in one of its parts."""
    tested = False
    for name, parts in injected.items():
        points = [point for part in parts for point in part["search"]["scan"]["points"]]
        near = [
            point["significance"]
            for point in points
            if abs(point["mass"] / mass - 1) <= SIGNAL_MASS_TOLERANCE
        ]
        if near:
            tested = True
            found = max((value for value in near if value is not None), default=None)
            where = name.removeprefix(INJECTED).strip()
            yield _check(f"injected signal is found, {where}", found, ">", MIN_SIGNAL_SIGNIFICANCE)
    if not tested:
        yield _check("a fit tests the mass of the injected signal", None, ">", MIN_SIGNAL_SIGNIFICANCE)


def _background(name: str, part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    where = f"{name.removeprefix(BACKGROUND).strip()}, {part['name']}"  # a control region is named
    significances = [point["significance"] for point in part["search"]["scan"]["points"]]
    largest = None if None in significances else max(significances, default=None)  # failed fits never pass
    yield _check(f"no excess without signal, {where}", largest, "<", MAX_BACKGROUND_SIGNIFICANCE)
    for category, spectrum in part["search"]["spectra"].items():
        p_value = spectrum["chi_square"]["p_value"]
        own = "" if category == part["name"] else f", {category}"
        yield _check(f"a background function fits, {where}{own}", p_value, ">", MIN_FIT_P_VALUE)


def _check(name: str, value: float | None, relation: str, limit: float) -> dict[str, Any]:
    passed = value is not None and (value < limit if relation == "<" else value > limit)
    return {"name": name, "value": value, "limit": f"{relation} {limit:g}", "passed": passed}
