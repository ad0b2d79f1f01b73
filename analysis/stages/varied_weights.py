"""Cutflows of selected events under variations of their weight."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selections.cutflow import Cutflow
from selections.selected import Selected
from selections.variations import VariationSource
from selections.weight_variations import UP_AND_DOWN, WeightSet, combined

Sums = Mapping[str, Sequence[Callable[[], NDArray[np.float64]]]]


def book_sets(selected: Sequence[Selected], sources: Sequence[VariationSource]) -> Sums:
    """By name of each set of weights the sums of all selected events that the next event loop fills."""
    sets = [source for source in sources if isinstance(source, WeightSet)]
    return {one.name: [events.weighted_sums(one.ratios) for events in selected] for one in sets}


def varied_weights(
    cutflow: Cutflow, selected: Sequence[Selected], sources: Sequence[VariationSource], sets: Sums
) -> dict[str, dict[str, Any]]:
    """Sums of weights after every cut, up and down, with the origin of each variation of the weight."""
    flows = [one.varied_cutflows() for one in selected]
    found: dict[str, dict[str, Any]] = {}
    for source in sources:
        if not source.weights:
            continue
        if isinstance(source, WeightSet):
            members = sum(sums().T for sums in sets[source.name])
            both = combined(np.array(cutflow.weighted), np.asarray(members), source.combination)
            rows = [one.tolist() for one in both]
        else:
            names = [f"{source.name}:{tag}" for tag in UP_AND_DOWN]
            rows = [list(reduce(add, (flow[name] for flow in flows)).weighted) for name in names]
        found[source.name] = {"origin": source.origin, **dict(zip(UP_AND_DOWN, rows, strict=True))}
    return found
