"""Kinds of searches: for resonances, or for differences in classes of events. All run on the same engine."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from analysis.class_pipeline import ClassPipeline
from analysis.engine.stage import Stage
from analysis.pipeline import Pipeline
from analysis.rehearsal import class_complaints, complaints, purposes
from analysis.search_settings import CommonSettings, SearchSettings


def pipeline_of(
    settings: CommonSettings, unblind: bool = False, max_events: int | None = None
) -> Pipeline | ClassPipeline:
    """The stages of a search of any kind."""
    if isinstance(settings, SearchSettings):
        return Pipeline(settings, unblind, max_events)
    return ClassPipeline(settings, unblind, max_events)


def rehearsed(
    pipeline: Pipeline | ClassPipeline, stages: Sequence[Stage], output: Path
) -> tuple[Mapping[str, str], list[str]]:
    """What each stage is for, by its key, and one line about each thing that would fail."""
    if isinstance(pipeline, Pipeline):
        return purposes(pipeline, stages), complaints(pipeline, stages, output)
    return {}, class_complaints(stages, output)
