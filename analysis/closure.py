"""The closure test of a search of data: the same search on simulation, with and without signal."""

from dataclasses import replace

from analysis import searches
from analysis.engine.stage import Stage
from analysis.plan import Plan
from analysis.search_settings import InjectionSettings
from analysis.stages.closure import BACKGROUND, INJECTED, check_closure
from errors import MaplessError


def closure_stage(plan: Plan) -> Stage | None:
    """The test of a plan; None if no simulation is named."""
    closure = plan.settings.closure
    if closure.background is None:
        return None
    _check_samples(plan)
    injected = {closure.signal: InjectionSettings(n_events=closure.n_signal_events)} if closure.signal else {}
    after: dict[str, Stage] = {}
    for kind, injections in ((BACKGROUND, {}), (INJECTED, injected)):
        changed = {"data": closure.background, "injections": injections}
        settings = plan.settings.model_copy(update=changed)
        again = replace(plan, search=searches.declare(settings), settings=settings, note=f"closure, {kind}")
        hunted = {name: fit for name, fit in again.fits.items() if fit.arguments["hunted"]}
        after |= {f"{kind} {name}": fit for name, fit in (hunted or again.fits).items()}
    mass = plan.search.samples[closure.signal].mass if closure.signal else None
    return Stage("closure", check_closure, {"mass": mass}, after)


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
