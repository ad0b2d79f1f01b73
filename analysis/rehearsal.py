"""What would stop a run, told before any of it runs, and what each of its stages is for."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from analysis.engine.job import Job
from analysis.engine.output_folder import require_writable
from analysis.engine.running import in_groups
from analysis.engine.stage import Stage, in_order
from analysis.pipeline import Pipeline
from analysis.search import MassSpectrum, Search
from analysis.stages.closure import INJECTED, kind_of
from analysis.stages.select import check_selection
from errors import MaplessError

_LOWEST = re.compile(r"\s*(\w+)\s*>=?\s*([0-9.]+(?:e[0-9]+)?)\s*")


def complaints(pipeline: Pipeline, stages: Sequence[Stage], output: Path) -> list[str]:
    """One line about each thing that would fail: files, columns, cuts, windows, numbers, the output.

    Files are opened and expressions compiled, no event is read. What has to be converted first is left out.
    """
    found, n_events = _of_selections(stages, output)
    found += _tried(lambda: pipeline.plan.chains)  # of closed data nobody else makes them
    found += _windows(pipeline.plan.search)
    found += _injections(pipeline, n_events)
    return list(dict.fromkeys(found))


def class_complaints(stages: Sequence[Stage], output: Path) -> list[str]:
    """The same for a search in classes of events: files, columns, cuts, the output."""
    return list(dict.fromkeys(_of_selections(stages, output)[0]))


def purposes(pipeline: Pipeline, stages: Sequence[Stage]) -> dict[str, str]:
    """By key of each stage what it is for: the search, its closure test, or the signal that is injected."""
    plan = pipeline.plan
    searched = plan.open_spectra.values() if pipeline.is_closed else [plan.global_significance]
    found: dict[str, list[str]] = {stage.key: ["data"] for stage in in_order([*searched])}
    closure = pipeline.closure.after if pipeline.closure else {}
    for name, fit in closure.items():
        for stage in in_order([fit]):
            found.setdefault(stage.key, []).append(f"closure, {kind_of(name)}")
    injected = {injection.sample for injection in plan.search.injections}
    for stage in stages:
        if stage.arguments.get("sample") in injected:
            found[stage.key] = ["injection"]
        if stage.note:
            found.setdefault(stage.key, []).append(stage.note)
        if stage.name == "closure":
            found[stage.key] = ["closure"]
    return {stage.key: "; ".join(dict.fromkeys(found.get(stage.key, ["report"]))) for stage in stages}


def _of_selections(stages: Sequence[Stage], output: Path) -> tuple[list[str], dict[str, int]]:
    """What would fail where files are read, and how many events there are, by sample."""
    found = _tried(lambda: require_writable(output))
    ready = [
        stage
        for stage in stages
        if stage.batch and all(earlier.is_done(output) for earlier in stage.after.values())
    ]
    n_events: dict[str, int] = {}
    for batch in in_groups(ready):
        found += _tried(lambda batch=batch: n_events.update(_selected(batch, output)))  # type: ignore[misc]
    return found, n_events


def _tried(check: Callable[[], object]) -> list[str]:
    try:
        check()
    except MaplessError as error:
        return [str(error)]
    return []


def _selected(batch: Sequence[Stage], output: Path) -> dict[str, int]:
    jobs = [
        Job(output, {name: one.folder(output) for name, one in stage.after.items()}, stage.arguments)
        for stage in batch
    ]
    return {batch[0].arguments["sample"]: check_selection(jobs)}


def _windows(search: Search) -> Iterator[str]:
    """Windows whose low sideband a cut on their column takes away."""
    for hunt in search.hunts:
        for window in hunt.windows:
            for spectrum in map(search.spectrum, hunt.spectra):
                lowest = _lowest(search, spectrum, window.column)
                if lowest is not None and window.lacks_low_sideband(lowest):
                    yield (
                        f"window {window}: its low sideband begins at {window.low_sideband[0]:.0f}, the "
                        f"selection of {spectrum.region} at {lowest:g}; leave it out, or lower the cut"
                    )


def _lowest(search: Search, spectrum: MassSpectrum, column: str) -> float | None:
    """The value above which a selection keeps a column, None if no cut says so."""
    cuts = search.selection(spectrum.region, search.data).cuts
    found = [_LOWEST.fullmatch(cut.expression) for cut in cuts]
    return max((float(one[2]) for one in found if one and one[1] == column), default=None)


def _injections(pipeline: Pipeline, n_events: dict[str, int]) -> Iterator[str]:
    """Injections of more events than the files hold."""
    closure = pipeline.settings.closure
    wanted = [(one.sample, one.n_events or 0, "injections") for one in pipeline.plan.search.injections]
    if pipeline.is_data and closure.signal:
        wanted.append((closure.signal, closure.n_signal_events or 0, f"closure, {INJECTED}"))
    for sample, wanted_events, key in wanted:
        there = n_events.get(sample)
        if there is not None and wanted_events > there:
            yield f"{key}: {wanted_events:,} events of {sample} are asked for, its files hold {there:,}"
