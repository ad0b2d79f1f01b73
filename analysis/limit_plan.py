"""The stages of limits on cross sections: a loop over injections, each with trainings of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from analysis.engine.stage import Stage
from analysis.plan import Chain, Plan
from analysis.search import Hunt
from analysis.source import NOMINAL, Injection
from analysis.stages.data_set import DataSet, shifted_name
from analysis.stages.fit import Hunted
from analysis.stages.limits import InjectedPoint, TestedFit, limits
from errors import MaplessError
from models.registry import make_detector

_SAME_LUMINOSITY = 1.1  # ratio, up and down

Grid = Mapping[float, int]
"""How often a detector is trained, with seeds of its own, for each injected cross section (fb)."""


@dataclass(frozen=True)
class Varied:
    """The shift of the signal that is injected, that of the events that are selected, and a varied weight."""

    injected: str = NOMINAL
    measured: str = NOMINAL
    weight: str = ""


def fits_of(plan: Plan, signal: str) -> dict[str, Stage]:
    """The fits that test the mass of a signal, by name.

    Raises MaplessError if there are none, and without the luminosity of the data.
    """
    plan.require_luminosity("a limit on a cross section")
    mass = plan.search.samples[signal].mass
    if mass is None:
        raise MaplessError(f"limits.signals: sample {signal} has no mass; add it to samples")
    found = {
        name: one
        for name, one in plan.fits.items()
        if mass in one.arguments["masses"] and one.arguments["spectrum"].made_for in ("", signal)
    }
    if not found:
        raise MaplessError(
            f"limits.signals: no spectrum or window tests the mass of {signal} ({mass:g} GeV); add it "
            "to the masses of the search"
        )
    return found


def learns(plan: Plan, fitted: Stage) -> bool:
    """Whether the efficiency of a fit depends on the signal in the data, so that it needs injections."""
    hunted: Hunted | None = fitted.arguments["hunted"]
    if hunted is None:
        return False
    hunt = hunt_of(plan, hunted)
    return make_detector(hunt.detector, window=hunted.window).learns_from_signal


def limit_stage(plan: Plan, signal: str, fit: str, grid: Grid, systematic: float = 0.0) -> Stage:
    """Limits on a signal from one fit.

    One that does not learn from the signal takes one measurement of the efficiency, whatever the grid.
    `systematic` is the relative error of the efficiency beyond statistics and training.
    """
    fitted = plan.fits[fit]
    spectrum, hunted = fitted.arguments["spectrum"], fitted.arguments["hunted"]
    events = plan.signal(signal, spectrum.region)
    tested = TestedFit(fit, spectrum, events, systematic=systematic)
    after = {"fit": fitted} | plan.selected([events])
    if hunted is not None and learns(plan, fitted):
        points = []
        for cross_section, n_trainings in sorted(grid.items()):
            cuts = injected_cuts(plan, fit, signal, cross_section, n_trainings)
            points.append(InjectedPoint(cross_section, tuple(cuts)))
            after |= cuts
        tested = replace(tested, points=tuple(points))
    elif hunted is not None:
        tested = replace(tested, cut="cut")
        after["cut"] = chain_beside(plan, hunted, plan.search.injections, events).cut
    arguments: dict[str, Any] = {
        "signal": plan.search.samples[signal],
        "data": plan.search.samples[plan.search.data],
        "rule": plan.settings.limits.rule,
        "tested": tested,
        "settings": plan.settings.fit.model_dump(),
    }
    return Stage(f"limits-{signal}-{fit}", limits, arguments, after)


def injected_cuts(
    plan: Plan, fit: str, signal: str, cross_section: float, n_trainings: int
) -> dict[str, Stage]:
    """The cuts of a hunt that learnt with a cross section (fb) injected, by name, each with its own seeds."""
    return {
        f"cut {cross_section:g} {number + 1}": injected_cut(plan, fit, signal, cross_section, number)
        for number in range(n_trainings)
    }


def injected_cut(
    plan: Plan,
    fit: str,
    signal: str,
    cross_section: float,
    number: int = 0,
    varied: Varied = Varied(),  # noqa: B008  (frozen)
) -> Stage:
    """The cut of a hunt that learnt with a signal injected, applied to all of its events.

    `number` moves the seeds of injection and training.
    """
    fitted = plan.fits[fit]
    again = f", training {number + 1}" if number else ""
    name = shifted_name(signal, varied.injected)
    note = f"limits, {name}, {cross_section:g} fb{', weighted' if varied.weight else ''}{again}"
    plan = _without_signal(plan)
    injections = with_signal(plan, signal, cross_section, number, varied)
    events = plan.signal(signal, fitted.arguments["spectrum"].region, varied.measured)
    hunted: Hunted = fitted.arguments["hunted"]
    return chain_beside(replace(plan, note=note), hunted, injections, events, number).cut


def _without_signal(plan: Plan) -> Plan:
    """The plan on what limits inject into: the data, unless a sample without any signal is named.

    Raises MaplessError for signal, and for another luminosity, in which a detector finds more or less.
    """
    search, name = plan.search, plan.settings.limits.injected_into
    if name is None:
        return plan
    wanted, given = search.samples[search.data].luminosity, search.samples[name].luminosity
    if search.samples[name].role == "signal":
        raise MaplessError(f"limits.injected_into: {name} is signal; name a sample without any")
    if not wanted / _SAME_LUMINOSITY <= given <= wanted * _SAME_LUMINOSITY:
        raise MaplessError(
            f"limits.injected_into: {name} has {given:g} / fb, the data {wanted:g}; name a sample of as much "
            "luminosity as the data, or leave it out"
        )
    return replace(plan, search=replace(search, data=name, injections=()))


def chain_beside(
    plan: Plan, hunted: Hunted, injections: tuple[Injection, ...], events: DataSet, seeds: int = 0
) -> Chain:
    """The chain of a hunt that is also applied to signal events, with its seed so many steps on."""
    hunt = hunt_of(plan, hunted)
    return plan.chain(hunt.with_seeds(seeds) if seeds else hunt, hunted.window, injections, (events,))


def with_signal(
    plan: Plan, signal: str, cross_section: float, seeds: int, varied: Varied
) -> tuple[Injection, ...]:
    """The injections of a search with a cross section of a signal on top of what there is of it, varied."""
    unseen = Injection(signal, seed=plan.settings.limits.seed)
    own = next((one for one in plan.search.injections if one.sample == signal), unseen)
    others = tuple(one for one in plan.search.injections if one.sample != signal)
    return (
        *others,
        replace(
            own,
            cross_section=cross_section + (own.cross_section or 0.0),
            seed=own.seed + seeds,
            shift=varied.injected,
            weight=varied.weight,
        ),
    )


def hunt_of(plan: Plan, hunted: Hunted) -> Hunt:
    """The hunt whose cut a fit follows."""
    return next(one for one in plan.search.hunts if one.name == hunted.hunt)
