"""What the page of a search says of its fits: what was found in words, and one row for each category."""

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.report.score_figures import file_name
from analysis.report.summary_sentence import summary_sentence
from analysis.stages.closure import kind_of, seed_of
from fits.checks.fit_quality import flag

EVENTS = "events"
"""Folder of the lists of events that hunts keep."""


def search_header(names: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    """What was found in words, the largest excess anywhere, and one row for each category of every fit."""
    summary = results["summary"]["smallest"] if results["summary"] else []
    good = [point for point in summary if point["local_p_value"] is not None]
    largest = min(good, key=lambda point: point["local_p_value"], default=None)
    searched = _searched(results["fits"])
    if largest is not None:
        fit = results["fits"][largest["fit"]]
        largest = largest | {"where": fit_title(fit, largest["part"]), "flag": flag(largest["quality"])}
    everywhere = results["summary"]["global"] if results["summary"] else None
    told = names["data_text"], names["closed"], results["closure"]
    return {
        **names,
        "sentence": summary_sentence(*told, largest, everywhere),
        "event_lists": [f"{EVENTS}/{file_name(hunt)}.csv" for hunt in names["hunts"]],
        "verdict": largest,
        "rows": search_rows(results["fits"]),
        "background_only": list(_background_only(results["background_only"])),
        "closure_rows": list(_closure_rows(results["closure_fits"])),
        "choices": [one for fit, part in searched for one in _choices(fit, part)],
        "n_hypotheses": sum(len(part["search"]["scan"]["points"]) for _, part in searched),
    }


def search_rows(fits: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row for each category of every fit that searches."""
    return [row for fit, part in _searched(fits) for row in _rows(fit, part)]


def _searched(fits: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    parts = [(fit, part) for fit in fits.values() for part in fit["parts"]]
    return [(fit, part) for fit, part in parts if "search" in part["purposes"]]


def _rows(fit: Mapping[str, Any], part: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One row for each category of a part; the largest excess of the part stands in the first."""
    largest = _largest(part)
    if "error" in part["search"]:
        fitted = ("statistic", "n_degrees_of_freedom", "p_value")
        found = ("mass", "significance", "signal_yield", "signal_yield_error")
        failed = dict.fromkeys((*fitted, *found)) | {"flag": ""}
        counts = next(iter(part["counts"].values()))
        title = fit_title(fit, part["name"])
        yield counts | failed | {"title": title, "background": "–", "status": part["search"]["error"]}
    for place, (name, category) in enumerate(part["search"]["spectra"].items()):
        title = fit_title(fit, part["name"])
        goodness = category["chi_square"]
        yield part["counts"][name] | {
            "title": title if name == part["name"] else f"{title}: {name}",
            "background": category["background_choice"]["background"],
            "statistic": goodness["statistic"],
            "n_degrees_of_freedom": goodness["n_degrees_of_freedom"],
            "p_value": goodness["p_value"],
            "status": category["background_fit"]["status"],
            "mass": None if place else largest.get("mass"),
            "significance": None if place else largest.get("significance"),
            "signal_yield": None if place else largest.get("signal_yield"),
            "signal_yield_error": None if place else largest.get("signal_yield_error"),
            "flag": "" if place else flag(largest.get("quality")),
        }


def _closure_rows(fits: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One row for each category of the fits of the closure test, in the order of what they look at."""
    for name, fit in fits.items():
        for row in search_rows({name: fit}):
            yield row | {"title": f"{kind_of(name)}, seed {seed_of(name)}: {row['title']}"}


def _background_only(fits: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The largest excess of every part where nothing was injected."""
    for fit, part in _searched(fits):
        largest = _largest(part)
        yield {
            "title": fit_title(fit, part["name"]),
            "n_events": sum(category["n_events"] for category in part["counts"].values()),
            "mass": largest.get("mass"),
            "significance": largest.get("significance"),
            "flag": flag(largest.get("quality")),
        }


def _largest(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """The point of the smallest local p-value of a part; empty if no fit converged."""
    points = [point for point in part["search"]["scan"]["points"] if point["local_p_value"] is not None]
    return min(points, key=lambda point: point["local_p_value"], default={})


def _choices(fit: Mapping[str, Any], part: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Of each category the functions that were tried for its background, and what became of each."""
    for name, category in part["search"]["spectra"].items():
        title = fit_title(fit, part["name"])
        yield {
            "title": title if name == part["name"] else f"{title}: {name}",
            "chosen": category["background_choice"]["background"],
            "trials": category["background_choice"]["trials"],
        }


def fit_title(fit: Mapping[str, Any], part: str) -> str:
    """What a fit is called in the report."""
    if fit["hunt"] is None:
        return f"{fit['spectrum']}, all events"
    window = f", window {fit['window']['name']}" if fit["window"] else ""
    return f"{fit['spectrum']}, {fit['hunt']}{window}, {part}"
