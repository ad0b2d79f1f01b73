"""Limits by rounds: what the injections so far have shown decides which cross section is injected next.

Everything that decides is a product of a stage, so that the same command goes through the same rounds again
and keeps what is there.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from analysis.engine.json_file import read_json
from analysis.engine.stage import Stage, in_order
from analysis.limit_plan import fits_of, learns, limit_stage
from analysis.limit_systematics import filter_stage, impact_stage, varied_signals
from analysis.plan import Plan
from analysis.source import Injection
from analysis.stages.data_set import CUTFLOW, selection_name
from analysis.stages.impacts import IMPACTS
from analysis.stages.limits import LIMITS
from analysis.stages.shift_filter import FILTER
from errors import MaplessError
from fits.limits.injection_grid import Injected, next_injection
from selections.cutflow import Cutflow

Run = Callable[[Sequence[Stage]], None]
Pair = tuple[str, str]
"""A signal, and a fit that tests its mass."""

_OF_THREE_SIGMA = 2 / 3
"""The cross section expected to have two sigma over that of three, where they are in proportion."""
_OF_LARGEST = 1 / 8
"""Of what there are events for, where no fit without injections tells where to begin."""


@dataclass
class _Grid:
    """The injections of one signal that one fit has learnt with: how many trainings at each cross section."""

    plan: Plan
    pair: Pair
    start: float
    largest: float
    trainings: dict[float, int] = field(default_factory=dict)

    @cached_property
    def luminosity(self) -> float:
        return self.plan.search.samples[self.plan.search.data].luminosity

    @property
    def stage(self) -> Stage:
        return limit_stage(self.plan, *self.pair, self.trainings)

    def grows(self, output: Path) -> bool:
        """Add what the limits as they are ask for; False if they ask for nothing."""
        before = dict(self.trainings)
        wanted = self.plan.settings.limits
        parts = read_json(self.stage.folder(output) / LIMITS)["found"]
        for part in parts:
            points = self._points(part)
            more = next_injection(points, self.start, self.largest, most=wanted.largest_grid)
            if more is not None:
                self.trainings.setdefault(more, 1)
        if self.trainings == before:
            rested_on = [part["limit"][key] for part in parts for key in ("injection", "expected_injection")]
            self.trainings |= {one: wanted.trainings for one in rested_on if one is not None}
        return self.trainings != before

    def _points(self, part: Mapping[str, Any]) -> list[Injected]:
        found = []
        for one in part["efficiencies"]:
            per_cross_section = one["efficiency"] * self.luminosity
            excluded = one["excluded"] / per_cross_section if one["excluded"] and per_cross_section else None
            found.append(Injected(one["cross_section"], excluded, one["significance"]))
        return found


@dataclass(frozen=True)
class FoundLimits:
    """Stages of the limits of each pair, and of the impacts of variations where the signal has some."""

    limits: Mapping[Pair, Stage]
    impacts: Mapping[Pair, Stage]


def limits_by_rounds(plan: Plan, signals: Sequence[str], output: Path, run: Run) -> FoundLimits:
    """Run the limits of signals round after round until the injections tell them; one stage for each fit.

    Fits that do not learn from the signal come first: where the inclusive ones expect two sigma, injections
    begin. Variations of the signals come last. Raises MaplessError for a signal at a mass that nothing tests.
    """
    pairs = [(signal, fit) for signal in signals for fit in fits_of(plan, signal)]
    learning = [pair for pair in pairs if learns(plan, plan.fits[pair[1]])]
    stages = {pair: limit_stage(plan, *pair, {}) for pair in pairs if pair not in learning}
    run(in_order([*stages.values(), *(plan.fits[fit] for _, fit in learning)]))
    grids = {pair: _grid(plan, pair, stages, output) for pair in learning}
    growing = list(grids)
    while growing:
        run(in_order([grids[pair].stage for pair in growing]))
        growing = [pair for pair in growing if grids[pair].grows(output)]
    trainings = {pair: grids[pair].trainings if pair in grids else {} for pair in pairs}
    return _with_systematics(plan, trainings, output, run)


def _with_systematics(
    plan: Plan, trainings: Mapping[Pair, Mapping[float, int]], output: Path, run: Run
) -> FoundLimits:
    """The limits once more with what variations do to the efficiency where the median limit rests on it.

    Only where a variation changes what a detector sees by too much does it learn again with it.
    """
    limits = {pair: limit_stage(plan, *pair, grid) for pair, grid in trainings.items()}
    varied = [pair for pair in limits if varied_signals(plan, pair[0], _region(plan, pair))]
    injected = {pair: _rests_on(limits[pair], output) for pair in varied}
    filters = {pair: filter_stage(plan, *pair, at) for pair, at in injected.items() if at is not None}
    run(in_order(list(filters.values())))
    impacts = {}
    for pair, at in injected.items():
        seen = read_json(filters[pair].folder(output) / FILTER) if pair in filters else {}
        retrained = {name for name, one in seen.items() if one["over_bound"] > 1}
        impacts[pair] = impact_stage(plan, *pair, at, retrained)
    run(in_order(list(impacts.values())))
    for pair, stage in impacts.items():
        totals = [part["total"] for part in read_json(stage.folder(output) / IMPACTS).values()]
        limits[pair] = limit_stage(plan, *pair, trainings[pair], max(totals, default=0.0))
    run(in_order([limits[pair] for pair in varied]))
    return FoundLimits(limits, impacts)


def _region(plan: Plan, pair: Pair) -> str:
    return str(plan.fits[pair[1]].arguments["spectrum"].region)


def _rests_on(stage: Stage, output: Path) -> float | None:
    """The injected cross section (fb) that the median expected limit rests on, where there is one."""
    parts = read_json(stage.folder(output) / LIMITS)["found"]
    found = (part["limit"].get("expected_injection") for part in parts)
    return next((one for one in found if one is not None), None)


def _grid(plan: Plan, pair: Pair, stages: Mapping[Pair, Stage], output: Path) -> _Grid:
    signal, _ = pair
    inclusive = [
        stage
        for (tested, fit), stage in stages.items()
        if tested == signal
        and plan.fits[fit].arguments["hunted"] is None
        and not plan.fits[fit].arguments["spectrum"].made_for
    ]
    largest = _largest(plan, signal, output)
    start = min(_two_sigma(inclusive, output), default=_OF_LARGEST * largest)
    grid = _Grid(plan, pair, start, largest)
    first = next_injection([], start, largest)
    assert first is not None
    grid.trainings[first] = 1
    return grid


def _two_sigma(stages: Iterable[Stage], output: Path) -> list[float]:
    """Cross sections that are expected to have about two sigma, of all parts that tell one."""
    parts = [part for stage in stages for part in read_json(stage.folder(output) / LIMITS)["found"]]
    return [_OF_THREE_SIGMA * part["reach"]["values"][0] for part in parts if part["reach"]["values"]]


def _largest(plan: Plan, signal: str, output: Path) -> float:
    """The largest cross section (fb) that there are events of a signal for, beside those injected anyway.

    Raises MaplessError if there are none.
    """
    search, region = plan.search, plan.search.spectra[0].region
    place = selection_name(signal, region)
    selected = plan.selected([plan.signal(signal, region)])[place]
    cutflow = Cutflow.from_dict(read_json(selected.folder(output) / CUTFLOW)["cutflow"])
    per_fb = search.samples[search.data].luminosity * search.samples[signal].acceptance * cutflow.efficiency
    own = next((one for one in search.injections if one.sample == signal), Injection(signal))
    left = cutflow.events[-1] - (own.n_events or 0)
    largest = left / per_fb - (own.cross_section or 0.0) if left > 0 else 0.0
    if largest <= 0:
        raise MaplessError(f"{place}: no event is left to inject for limits; simulate more of {signal}")
    return largest
