"""Systematic variations of simulation: where each comes from, and the columns that it shifts."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from selections.headers import graph_functions
from selections.nodes import column_names, redefined
from selections.root import one_line_errors
from selections.sources.opened import OpenedEvents
from selections.steps import Column, Variation


@dataclass(frozen=True)
class VariationSource(ABC):
    """Where a variation of a name comes from: columns of the events, and what they do to others.

    Those that shift jets are event sets of their own; those that shift nothing but the weight are further
    columns of the nominal events.
    """

    name: str

    @abstractmethod
    def columns(self, known: set[str]) -> Sequence[Column]:
        """The columns that it needs, made of those that are known.

        Raises MaplessError for a column or a correction that is not there.
        """

    @property
    @abstractmethod
    def variation(self) -> Variation:
        """The shifted columns under each tag, such as "up"."""

    def variation_of(self, known: set[str]) -> Variation:  # noqa: ARG002
        """The variation with what else it shifts of the columns that are known."""
        return self.variation

    def wants(self, known: set[str]) -> Sequence[str]:  # noqa: ARG002
        """Columns that it makes use of where the events offer them, beside those that are known."""
        return ()

    def nominal(self, known: set[str]) -> Mapping[str, str]:  # noqa: ARG002
        """Expressions of known columns that the source corrects for all, varied or not."""
        return {}

    @property
    def corrects(self) -> bool:
        """Whether the nominal events are not what they are without it."""
        return False

    @property
    def weights(self) -> Sequence[Column]:
        """Columns with the varied weights."""
        return ()

    @property
    @abstractmethod
    def origin(self) -> str:
        """Where it comes from, in words."""


def prepared(events: OpenedEvents, sources: Sequence[VariationSource]) -> OpenedEvents:
    """The events with the columns that variations need, and with what they correct corrected.

    Raises MaplessError as `VariationSource.columns`.
    """
    mapless = graph_functions()
    for source in sources:
        events = events.with_columns(source.wants(column_names(events.frame)))
    frame = events.frame
    for source in sources:
        with one_line_errors(f"{events.files[0]}: the variation {source.name} cannot be made"):
            known = column_names(frame)
            for column in source.columns(known):
                frame = mapless.define(frame, column.name, column.expression)
            frame = redefined(frame, source.nominal(known), events.aliases, events.made)
    for source in sources:
        for column in source.weights:
            frame = mapless.define(frame, column.name, column.expression)
    return replace(events, frame=frame)
