"""Steps of selections as nodes of ROOT's RDataFrame, each made once however many selections begin with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from selections.expressions import columns_used
from selections.headers import graph_functions
from selections.reading import watched_loop
from selections.root import import_root, one_line_errors
from selections.steps import Column, Cut, Variation

WEIGHT, SQUARED_WEIGHT = "mapless_weight", "mapless_squared_weight"


@dataclass(frozen=True)
class Shift:
    """Columns that hold other values from here on: one branch of the event loop shifts them."""

    columns: tuple[str, ...]
    expressions: tuple[str, ...]

    @property
    def needs(self) -> frozenset[str]:
        """Columns that must be there."""
        return frozenset(self.columns).union(*map(columns_used, self.expressions))


Step = Column | Cut | Variation | Shift


@dataclass(frozen=True)
class Tally:
    """Entries, sum of weights and sum of squared weights at a node, from the next event loop.

    `varied` are the same three for every variation.
    """

    counts: Any
    varied: tuple[Any, Any, Any] | None = None

    def values(self, variation: str | None = None) -> tuple[float, float, float]:
        """The three numbers, of a variation by name such as "jet_energy_scale:up"."""
        if variation is None or self.varied is None:
            with watched_loop("the events cannot be counted"):
                entries, weighted, squared = self.counts.values()
        else:
            # what comes before the first varied cut or weight has no variations: the nominal value stands
            entries, weighted, squared = (
                results[variation if variation in variations(results) else "nominal"]
                for results in self.varied
            )
        return entries, weighted, squared


@dataclass
class Node:
    """Events after some steps: `frame` is a node of RDataFrame, `aliases` names of columns of the files.

    `made` are columns that are made again where something that they are made of is shifted.
    """

    frame: Any
    aliases: Mapping[str, str] = field(default_factory=dict)
    made: Sequence[Column] = ()
    _children: list[tuple[Step, "Node"]] = field(default_factory=list, repr=False)
    _tally: Tally | None = field(default=None, repr=False)

    def after(self, steps: Sequence[Step]) -> "Node":
        """The node after further steps; raises MaplessError for one that ROOT does not understand."""
        node = self
        for step in steps:
            known = (child for other, child in node._children if other == step)
            child = next(known, None)
            if child is None:
                child = Node(_applied(node, step), self.aliases, self.made)
                node._children.append((step, child))
            node = child
        return node

    def tally(self) -> Tally:
        """The counts of a node behind `weight_columns`, booked when they are first asked for."""
        if self._tally is None:
            mapless = graph_functions()
            counts = mapless.tally(self.frame, WEIGHT, SQUARED_WEIGHT)
            varied = None
            if mapless.has_variations(self.frame):
                of_variations = import_root().RDF.Experimental.VariationsFor
                results = (counts.entries, counts.weighted, counts.squared)
                entries, weighted, squared = map(of_variations, results)
                varied = (entries, weighted, squared)
            self._tally = Tally(counts, varied)
        return self._tally

    def weighted_sums(self, numbers: str) -> Any:
        """Sums of the weight times each number of a column of many, booked for the next event loop."""
        return graph_functions().weighted_sums(self.frame, WEIGHT, numbers)


def column_names(frame: Any) -> set[str]:
    """Names of the columns of a node of RDataFrame."""
    return {str(name) for name in graph_functions().column_names(import_root().RDF.AsRNode(frame))}


def weight_columns(known: set[str]) -> list[Column]:
    """Columns that tallies add up, if they are not known; without a weight every event weighs 1."""
    if WEIGHT in known:
        return []
    weight = "static_cast<double>(weight)" if "weight" in known else "1."
    return [Column(WEIGHT, weight), Column(SQUARED_WEIGHT, f"{WEIGHT} * {WEIGHT}")]


def variations(results: Any) -> list[str]:
    """Names of the variations of a result, "nominal" among them."""
    return [str(name) for name in results.GetKeys()]


def redefined(
    frame: Any, expressions: Mapping[str, str], aliases: Mapping[str, str], made: Sequence[Column]
) -> Any:
    """The frame with other values of columns, all of them from the values before, and what follows from them.

    Columns that are `made` of these are made again, in their order.
    """
    mapless = graph_functions()
    shifted = {name: f"mapless_shifted_{name}" for name in expressions}
    known = column_names(frame) & set(shifted.values())
    for name, expression in expressions.items():
        define = mapless.redefine if shifted[name] in known else mapless.define
        frame = define(frame, shifted[name], expression)
    for name in expressions:
        # ROOT refuses to change an alias, but an alias follows the column that it names
        frame = mapless.redefine(frame, aliases.get(name, name), shifted[name])
    changed = {*expressions, *(aliases[name] for name in expressions if name in aliases)}
    for column in made:
        if column.name not in changed and changed & set(columns_used(column.expression)):
            changed.add(column.name)
            if column.name not in aliases:
                frame = mapless.redefine(frame, column.name, column.expression)
    return frame


def _applied(node: Node, step: Step) -> Any:
    mapless, frame = graph_functions(), node.frame
    if isinstance(step, Cut):
        with one_line_errors(f"ROOT does not understand cut '{step.title}', `{step.expression}`"):
            return mapless.filter(frame, step.expression, step.title)
    if isinstance(step, Column):
        with one_line_errors(f"ROOT does not understand column {step.name}, `{step.expression}`"):
            return mapless.define(frame, step.name, step.expression)
    if isinstance(step, Variation):
        columns = [node.aliases.get(name, name) for name in step.columns]
        expression = step.expression(str(mapless.column_type(frame, columns[0])))
        with one_line_errors(f"ROOT does not understand variation {step.name}, `{expression}`"):
            return import_root().RDF.AsRNode(frame.Vary(columns, expression, step.tags, step.name))
    with one_line_errors(f"ROOT does not understand the shift of {', '.join(step.columns)}"):
        shifted = dict(zip(step.columns, step.expressions, strict=True))
        return redefined(frame, shifted, node.aliases, node.made)
