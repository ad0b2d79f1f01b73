"""The stages of limits on cross sections: a loop over injections, each with trainings of its own."""

from dataclasses import replace

from analysis.engine.stage import Stage
from analysis.plan import Plan
from analysis.source import Injection
from analysis.stages.data_set import shifted_name
from analysis.stages.fit import Hunted
from analysis.stages.limits import TestedFit, limits
from errors import MaplessError


def limit_stages(plan: Plan) -> dict[str, Stage]:
    """The limits that the settings ask for, by signal and shift.

    Raises MaplessError for a signal at a mass that nothing tests.
    """
    if plan.settings.limits.signals:
        plan.require_luminosity("a limit on a cross section")
    wanted = plan.settings.limits
    return {
        shifted_name(signal, shift): _limits(plan, signal, shift)
        for signal in wanted.signals
        for shift in wanted.shifts
    }


def _limits(plan: Plan, signal: str, shift: str) -> Stage:
    mass = plan.search.samples[signal].mass
    if mass is None:
        raise MaplessError(f"limits.signals: sample {signal} has no mass; add it to samples")
    after: dict[str, Stage] = {}
    tested: dict[str, TestedFit] = {}
    for name, fitted in plan.fits.items():
        if mass not in fitted.arguments["masses"]:
            continue
        spectrum, hunted = fitted.arguments["spectrum"], fitted.arguments["hunted"]
        cuts = {} if hunted is None else _cuts_with_injections(plan, name, hunted, signal, shift)
        tested[name] = TestedFit(spectrum, plan.signal(signal, spectrum.region, shift), tuple(cuts))
        after |= {name: fitted} | cuts | plan.selected([tested[name].signal])
    if not tested:
        raise MaplessError(
            f"limits.signals: no spectrum or window tests the mass of {signal} ({mass:g} GeV); add it "
            "to the masses of the search"
        )
    arguments = {
        "signal": plan.search.samples[signal],
        "shift": shift,
        "data": plan.search.samples[plan.search.data],
        "cross_sections": plan.settings.limits.cross_sections,
        "tested": tested,
        "settings": plan.settings.fit.model_dump(),
    }
    return Stage(f"limits-{shifted_name(signal, shift)}", limits, arguments, after)


def _cuts_with_injections(
    plan: Plan, fit_name: str, hunted: Hunted, signal: str, shift: str
) -> dict[str, Stage]:
    """The cut of a hunt for every injected cross section, by name, in their order."""
    hunt = next(one for one in plan.search.hunts if one.name == hunted.hunt)
    found = {}
    for cross_section in plan.settings.limits.cross_sections:
        injections = _with_signal(plan, signal, shift, cross_section)
        noted = replace(plan, note=f"limits, {shifted_name(signal, shift)}, {cross_section:g} fb")
        found[f"{fit_name} {cross_section:g}"] = noted.chain(hunt, hunted.window, injections).cut
    return found


def _with_signal(plan: Plan, signal: str, shift: str, cross_section: float) -> tuple[Injection, ...]:
    """The injections of a search with a cross section of a signal on top of what there is of it, shifted."""
    unseen = Injection(signal, seed=plan.settings.limits.seed)
    own = next((one for one in plan.search.injections if one.sample == signal), unseen)
    others = tuple(one for one in plan.search.injections if one.sample != signal)
    return (*others, replace(own, cross_section=cross_section + (own.cross_section or 0.0), shift=shift))
