"""What the variations of a signal do to the efficiency of a fit's selection, as stages of their own."""

from collections.abc import Collection
from typing import Any

from analysis.engine.stage import Stage
from analysis.limit_plan import Varied, chain_beside, hunt_of, injected_cut, learns
from analysis.plan import Plan
from analysis.stages.fit import Hunted
from analysis.stages.impacts import Impact, find_impacts
from analysis.stages.shift_filter import VariedSignal, filter_shifts
from models.registry import make_detector
from selections.variations import VariationSource
from selections.weight_variations import UP_AND_DOWN, WeightSet


def varied_signals(plan: Plan, signal: str, region: str) -> tuple[VariedSignal, ...]:
    """A signal under all shifts of its variations, by shifted events or by weights.

    Sets of weights, such as those of parton densities, are none: CMS has them in the yield alone.
    """
    nominal = plan.signal(signal, region)
    found = []
    for source in plan.search.samples[signal].parts[0].variations:
        if isinstance(source, WeightSet):
            continue
        if source.weights:
            found += [
                VariedSignal(source.name, tag, nominal, f"weight_{source.name}_{tag}") for tag in UP_AND_DOWN
            ]
        else:
            found += [_shifted(plan, signal, region, source, tag) for tag in source.variation.tags]
    return tuple(found)


def filter_stage(plan: Plan, signal: str, fit: str, cross_section: float) -> Stage:
    """How much each variation changes what a hunt sees, over the error of an injected cross section (fb)."""
    fitted = plan.fits[fit]
    spectrum, hunted = fitted.arguments["spectrum"], fitted.arguments["hunted"]
    nominal, varied = plan.signal(signal, spectrum.region), varied_signals(plan, signal, spectrum.region)
    detector = make_detector(hunt_of(plan, hunted).detector, window=hunted.window)
    seen = [column for columns in detector.columns.values() for column in columns if column != "key"]
    sample = plan.search.samples[signal]
    arguments: dict[str, Any] = {
        "nominal": nominal,
        "varied": varied,
        "columns": tuple(dict.fromkeys((spectrum.column, *seen))),
        "n_injected": cross_section * plan.search.samples[plan.search.data].luminosity * sample.acceptance,
    }
    after = plan.selected([nominal, *(one.signal for one in varied)])
    return Stage(f"filter-{signal}-{fit}", filter_shifts, arguments, after)


def impact_stage(
    plan: Plan, signal: str, fit: str, cross_section: float | None, retrained: Collection[str] = ()
) -> Stage:
    """The impacts of all variations, at an injected cross section (fb) where the fit learns from the signal.

    Variations that are named in `retrained` are injected and learnt from; others meet the nominal detector.
    """
    fitted = plan.fits[fit]
    spectrum, hunted = fitted.arguments["spectrum"], fitted.arguments["hunted"]
    nominal, varied = plan.signal(signal, spectrum.region), varied_signals(plan, signal, spectrum.region)
    after = {"fit": fitted} | plan.selected([nominal, *(one.signal for one in varied)])

    def cut(one: VariedSignal | None, learns_again: bool) -> str | None:
        if hunted is None:
            return None
        stage = _cut(plan, signal, fit, cross_section, one, learns_again=learns_again)
        name = f"cut {stage.key[:12]}"
        after[name] = stage
        return name

    of_nominal = cut(None, False)
    impacts = tuple(Impact(one, cut(one, one.name in retrained), one.name in retrained) for one in varied)
    arguments: dict[str, Any] = {
        "signal": plan.search.samples[signal],
        "spectrum": spectrum,
        "nominal": nominal,
        "cut": of_nominal,
        "impacts": impacts,
    }
    return Stage(f"impacts-{signal}-{fit}", find_impacts, arguments, after)


def _cut(
    plan: Plan,
    signal: str,
    fit: str,
    cross_section: float | None,
    one: VariedSignal | None,
    *,
    learns_again: bool,
) -> Stage:
    fitted = plan.fits[fit]
    shift = one.signal.source.shift if one else "nominal"
    if cross_section is None or not learns(plan, fitted):
        hunted: Hunted = fitted.arguments["hunted"]
        events = plan.signal(signal, fitted.arguments["spectrum"].region, shift)
        return chain_beside(plan, hunted, plan.search.injections, events).cut
    weight = one.weight if one and learns_again and one.weight != "weight" else ""
    varied = Varied(shift if learns_again else "nominal", shift, weight)
    return injected_cut(plan, fit, signal, cross_section, varied=varied)


def _shifted(plan: Plan, signal: str, region: str, source: VariationSource, tag: str) -> VariedSignal:
    return VariedSignal(source.name, tag, plan.signal(signal, region, f"{source.name}:{tag}"))
