"""The closure test of a search of data: on simulation, and where the data hold no signal."""

from collections.abc import Iterator
from dataclasses import replace

from analysis import searches
from analysis.engine.stage import Stage
from analysis.plan import Plan
from analysis.search_settings import InjectionSettings
from analysis.search_variants import in_control_regions, with_seeds
from analysis.stages.closure import BACKGROUND, CONTROL, INJECTED, check_closure
from errors import MaplessError


def closure_stage(plan: Plan) -> Stage | None:
    """The test of a plan; None if no simulation is named."""
    closure = plan.settings.closure
    if closure.background is None:
        return None
    _check_samples(plan)
    after = {
        f"{kind} {name}{f', seed {number + 1}' if number else ''}": fit
        for kind, tested in _tested(plan)
        for number in range(closure.seeds)
        for name, fit in _fits(replace(tested, search=with_seeds(tested.search, number))).items()
    }
    mass = plan.search.samples[closure.signal].mass if closure.signal else None
    return Stage("closure", check_closure, {"mass": mass}, after)


def _tested(plan: Plan) -> Iterator[tuple[str, Plan]]:
    """The same search on simulation without and with signal, and in the control regions of the data."""
    closure = plan.settings.closure
    injected = {closure.signal: InjectionSettings(n_events=closure.n_signal_events)} if closure.signal else {}
    for kind, injections in ((BACKGROUND, {}), (INJECTED, injected)):
        changed = {"data": closure.background, "injections": injections}
        settings = plan.settings.model_copy(update=changed)
        yield (
            kind,
            replace(plan, search=searches.declare(settings), settings=settings, note=f"closure, {kind}"),
        )
    if closure.control:
        yield CONTROL, replace(plan, search=in_control_regions(plan.search), note=f"closure, {CONTROL}")


def _fits(plan: Plan) -> dict[str, Stage]:
    """The fits of hunts, or all where there are none."""
    hunted = {name: fit for name, fit in plan.fits.items() if fit.arguments["hunted"]}
    return hunted or plan.fits


def _check_samples(plan: Plan) -> None:
    """Raise MaplessError where the closure test could look at data, or could not fail."""
    samples, closure = plan.search.samples, plan.settings.closure
    if closure.background and samples[closure.background].role != "background":
        raise MaplessError(
            f"closure.background: {closure.background} is {samples[closure.background].role}, not background"
        )
    if closure.signal and (samples[closure.signal].role != "signal" or not samples[closure.signal].mass):
        raise MaplessError(f"closure.signal: {closure.signal} must be a signal with a mass")
    if closure.signal and not closure.n_signal_events:
        raise MaplessError("closure.n_signal_events: say how many events of the signal are injected")
