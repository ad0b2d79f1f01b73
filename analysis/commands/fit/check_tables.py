"""Tables of the checks of `./run_analysis.py fit`, from what it has stored."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rich.table import Table

from analysis.commands.numbers import number, with_error
from fits.checks.fit_quality import flag

Stored = Mapping[str, Any]


def check_tables(checks: Stored) -> Iterator[Table]:
    """One table for each check."""
    for name, content in checks.items():
        if "error" in content:
            table = Table("check", "why it could not be made")
            table.add_row(name, content["error"])
            yield table
        else:
            yield _TABLES[name](content)


def _goodness(content: Stored) -> Table:
    table = Table("category", "test", "statistic", "p from toys", title="Goodness of fit by toys")
    for category, tests in content.items():
        for name, test in tests.items():
            words = name.replace("_", " ")
            table.add_row(category, words, number(test["statistic"], ".4g"), number(test["p_value"], ".3g"))
    return table


def _range(content: Stored) -> Table:
    table = Table("category", "range [GeV]", "background", "tried", "complaint", title="Choice of the range")
    for category, choice in content.items():
        chosen = choice["chosen"]
        low, high = chosen["range"]
        row = (
            f"{low:g} to {high:g}",
            chosen["background"],
            f"{len(choice['trials'])}",
            chosen["complaint"] or "–",
        )
        table.add_row(category, *row)
    return table


def _bias(content: Stored) -> Table:
    """The truth, mass and injection of the largest bias in each category."""
    table = Table("category", "toys of", "mass [GeV]", "injected", "mean pull", title="Largest bias")
    for category, points in content.items():
        good = [point for point in points if point["pull_mean"] is not None]
        if not good:
            table.add_row(category, *("–",) * 4)
            continue
        point = max(good, key=lambda point: abs(point["pull_mean"]))
        pull = with_error(point["pull_mean"], point["pull_mean_error"], ".2f")
        table.add_row(category, point["truth"], f"{point['mass']:g}", f"{point['injected']:.0f}", pull)
    return table


def _spurious_signal(content: Stored) -> Table:
    table = Table(
        "category", "expectation of", "largest |yield| / error", "below 0.5", title="Spurious signal"
    )
    for category, tests in content.items():
        for truth, test in tests.items():
            verdict = "yes" if test["acceptable"] else "no"
            table.add_row(category, truth, number(test["largest_ratio"], ".2f"), verdict)
    return table


def _impacts(content: Stored) -> Table:
    result = content["result"]
    title = f"Impacts at {content['mass']:g} GeV, {number(result['best'], '.0f')} events"
    table = Table("nuisance", "pull", "impact of −1σ", "impact of +1σ", title=title)
    for row in content["nuisances"]:
        ends = (number(change, ".3g") for change in row["impacts"])
        table.add_row(row["parameter"].replace("_", " "), number(row["pull"], ".2f"), *ends)
    return table


def _compatibility(content: Stored) -> Table:
    title = f"Compatibility at {content['mass']:g} GeV, p = {number(content['p_value'], '.3f')}"
    table = Table("category", "events of signal", "68 % interval", title=title)
    for name, interval in (content["categories"] | {"all": content["common"]}).items():
        table.add_row(name, number(interval["best"], ".0f"), _ends(interval))
    return table


def _likelihood_scan(content: Stored) -> Table:
    table = Table("mass [GeV]", "events of signal", "68 % interval", title="Scan of the likelihood")
    interval = content["interval"]
    table.add_row(f"{content['mass']:g}", number(interval["best"], ".0f"), _ends(interval))
    return table


def _discrete_profiling(content: Stored) -> Table:
    fit, limit = content["fit"], content["limit"]
    table = Table("best function", "events of signal", "significance", "limit", title="Discrete profiling")
    numbers = (
        number(fit["value"], ".0f"),
        f"{number(fit['significance'], '.2f')} σ{flag(content['quality'])}",
        number(limit["observed"], ".4g"),
    )
    table.add_row(fit["best"] or "–", *numbers)
    return table


def _discovery_reach(content: list[Stored]) -> Table:
    names = (f"events for {wanted:g} σ" for wanted in content[0]["significances"])
    table = Table("mass [GeV]", *names, title="Discovery reach")
    for point in content:
        values = point["values"] or (None,) * len(point["significances"])
        table.add_row(f"{point['mass']:g}", *(number(value, ".4g") for value in values))
    return table


def _bump_hunter(content: Stored) -> Table:
    title = f"BumpHunter, global p = {number(content['p_value'], '.3g')} ({content['n_toys']} toys)"
    table = Table("window [GeV]", "events", "expected", "local p", title=title)
    for bump in content["bumps"] or ():
        numbers = f"{bump['observed']:.0f}", f"{bump['expected']:.1f}", f"{bump['local_p_value']:.2g}"
        table.add_row(f"{bump['low']:g} to {bump['high']:g}", *numbers)
    return table


def _feldman_cousins(content: Stored) -> Table:
    level = f"{content['confidence_level']:.0%} interval"
    table = Table("mass [GeV]", level, "status", title="Feldman-Cousins interval of the signal events")
    table.add_row(f"{content['mass']:g}", _ends(content), content["status"])
    return table


def _toy_limit(content: Stored) -> Table:
    names = ("mass [GeV]", "observed", "median", "status")
    table = Table(*names, title=f"95 % CL upper limit from {content['n_toys']} toys")
    median = content["expected"] and content["expected"][2]
    observed = with_error(content["observed"], content["observed_error"], ".4g")
    table.add_row(f"{content['mass']:g}", observed, number(median, ".4g"), content["status"])
    return table


def _zfit(content: Stored) -> Table:
    ours, theirs = (number(content["significances"][name], ".2f") for name in ("ours", "zfit"))
    rise = number(content["likelihood_difference"], ".2g")
    title = (
        f"Fit in zfit at {content['mass']:g} GeV: {theirs} σ, here {ours} σ{flag(content['quality'])}; "
        f"−2Δ ln L = {rise}"
    )
    table = Table("parameter", "zfit", "here", "difference / error", title=title)
    for name, row in content["parameters"].items():
        difference = (row["zfit"] - row["ours"]) / row["error"] if row["error"] else None
        values = (number(row[one], ".5g") for one in ("zfit", "ours"))
        table.add_row(name.replace("_", " "), *values, number(difference, ".3f"))
    return table


_TABLES: Mapping[str, Callable[[Any], Table]] = {
    "goodness": _goodness,
    "range": _range,
    "bias": _bias,
    "spurious-signal": _spurious_signal,
    "impacts": _impacts,
    "compatibility": _compatibility,
    "likelihood-scan": _likelihood_scan,
    "discrete-profiling": _discrete_profiling,
    "discovery-reach": _discovery_reach,
    "bump-hunter": _bump_hunter,
    "feldman-cousins": _feldman_cousins,
    "toy-limit": _toy_limit,
    "zfit": _zfit,
}


def _ends(interval: Stored) -> str:
    return f"{number(interval['low'], '.1f')} to {number(interval['high'], '.1f')}"
