"""The closure test of a search of data: on simulation, and where the data hold no signal."""

from collections.abc import Iterator
from dataclasses import replace

from analysis import searches
from analysis.engine.stage import Stage
from analysis.plan import Plan
from analysis.search_settings import ClosureSettings
from analysis.search_variants import in_control_regions, with_seeds
from analysis.source import Injection
from analysis.stages.closure import BACKGROUND, CONTROL, INJECTED, check_closure
from errors import MaplessError

USUAL_SIGNIFICANCE = 2.0
"""That of all events together for which the injected signal is expected: too little to see without a cut."""


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
    settings = plan.settings.model_copy(update={"data": closure.background, "injections": {}})
    simulation = searches.declare(settings)
    tested = {BACKGROUND: (), INJECTED: (injection(closure),) if closure.signal else ()}
    for kind, injections in tested.items():
        search = replace(simulation, injections=injections)
        yield kind, replace(plan, search=search, settings=settings, note=f"closure, {kind}")
    if closure.control:
        yield CONTROL, replace(plan, search=in_control_regions(plan.search), note=f"closure, {CONTROL}")


def injection(closure: ClosureSettings) -> Injection:
    """The signal of the test: so many events, or what all events alone hardly show."""
    signal, n_events = closure.signal or "", closure.n_signal_events
    return Injection(signal, n_events, significance=None if n_events else USUAL_SIGNIFICANCE)


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
