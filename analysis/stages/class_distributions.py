"""Histograms of classes of events as distributions: data beside groups of processes with all their errors."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.class_search import Openness, ProcessGroup
from fits.region_scan.distribution import Distribution
from selections.event_classes import QUANTITIES, ClassHistograms, EventClass
from selections.weight_variations import UP_AND_DOWN

Array = NDArray[np.float64]
SUFFIXES: Mapping[Openness, str] = {"exclusive": "", "inclusive": "+X", "jet-inclusive": "+Nj"}
LUMINOSITY = "luminosity"
_SUM_PT = QUANTITIES.index("sum_pt")  # which every event of a class has


@dataclass(frozen=True, eq=False)
class FilledClasses:
    """All histograms of a search: data, and for every background sample its nominal and its shifted ones.

    `shifted` are by sample and by systematic uncertainty up and down.
    """

    observed: ClassHistograms
    expected: Mapping[str, ClassHistograms]
    shifted: Mapping[str, Mapping[str, tuple[ClassHistograms, ClassHistograms]]]
    groups: Mapping[str, ProcessGroup]
    luminosity_error: float
    edges: Array

    def classes(
        self, kinds: Sequence[Openness], smallest_yield: float, largest_number: int
    ) -> list[EventClass]:
        """The classes of some kinds that are looked at, those of the largest yields first.

        Of each kind at most `largest_number` with so many expected events, or with simulation and data.
        """
        total = ClassHistograms.sum([*self.expected.values()])
        yields = total.weighted[:, _SUM_PT].sum(axis=1)
        there = self.observed.at(total.keys).entries > 0
        chosen = (yields > smallest_yield) | (there & (yields > 0))
        ranked = [EventClass.of_key(int(key)) for key in total.keys[np.argsort(-yields, kind="stable")]]
        kept = chosen[np.argsort(-yields, kind="stable")]
        found: list[EventClass] = []
        for kind in kinds:
            mine = [
                one
                for one, wanted in zip(ranked, kept, strict=True)
                if wanted and one.suffix == SUFFIXES[kind]
            ]
            found += mine[:largest_number]
        return found

    def unexpected(self, kinds: Sequence[Openness]) -> dict[str, int]:
        """By name of the class the number of observed events where the background has none at all."""
        known = set(ClassHistograms.sum([*self.expected.values()]).keys.tolist())
        suffixes = {SUFFIXES[kind] for kind in kinds}
        found = {}
        for key, count in zip(self.observed.keys.tolist(), self.observed.entries, strict=True):
            one = EventClass.of_key(int(key))
            if key not in known and one.suffix in suffixes:
                found[one.name] = int(count)
        return found

    def distributions(
        self, classes: Sequence[EventClass], quantities: Sequence[str]
    ) -> Iterator[tuple[EventClass, str, Distribution]]:
        """Of every class those quantities that it has."""
        keys = np.unique(np.array([one.key for one in classes], np.uint64))
        titles = tuple(dict.fromkeys(group.title for group in self.groups.values()))
        samples = {name: histograms.at(keys) for name, histograms in self.expected.items()}
        groups = np.zeros((len(titles), *next(iter(samples.values())).weighted.shape))
        for name, histograms in samples.items():
            groups[titles.index(self.groups[name].title)] += histograms.weighted
        squared = np.sum([histograms.squared for histograms in samples.values()], axis=0)
        observed, shifts = self.observed.at(keys).weighted, self._shifts(keys, groups, titles)
        for one in classes:
            place = int(np.searchsorted(keys, np.uint64(one.key)))
            for quantity in quantities:
                which = QUANTITIES.index(quantity)
                if not groups[:, place, which].any():
                    continue
                yield (
                    one,
                    quantity,
                    Distribution(
                        f"{one.name} {quantity}",
                        self.edges,
                        observed[place, which],
                        groups[:, place, which],
                        np.sqrt(squared[place, which]),
                        {name: shift[place, which] for name, shift in shifts.items()},
                    ),
                )

    def _shifts(self, keys: NDArray[np.uint64], groups: Array, titles: Sequence[str]) -> dict[str, Array]:
        """By systematic uncertainty half of what lies between up and down, (n_classes, 3, n_bins)."""
        found: dict[str, Array] = {}
        for shifts in self.shifted.values():
            for name, (up, down) in shifts.items():
                half = (up.at(keys).weighted - down.at(keys).weighted) / 2
                found[name] = found.get(name, 0.0) + half
        if self.luminosity_error:
            found[LUMINOSITY] = self.luminosity_error * groups.sum(axis=0)
        for group in self.groups.values():
            if group.error:
                found[cross_section_of(group)] = group.error * groups[titles.index(group.title)]
        return found


def cross_section_of(group: ProcessGroup) -> str:
    """What the uncertainty of a cross section is called."""
    return f"cross section of {group.title}"


def shifted_histograms(
    sample: str, shifts: Sequence[str], weights: Sequence[str], read: Mapping[str, Any]
) -> dict[str, tuple[ClassHistograms, ClassHistograms]]:
    """By systematic uncertainty of a sample its histograms up and down.

    `read` are those of `CLASSES` by shift, and of varied weights by their names.
    """
    found = {}
    for name in dict.fromkeys(shift.partition(":")[0] for shift in shifts):
        up, down = (read[f"{name}:{tag}"] for tag in UP_AND_DOWN)
        found[name] = (up, down)
    for name in dict.fromkeys(weight.rpartition("_")[0] for weight in weights):
        up, down = (read[f"{name}_{tag}"] for tag in UP_AND_DOWN)
        found[name.removeprefix("weight_")] = (up, down)
    return found
