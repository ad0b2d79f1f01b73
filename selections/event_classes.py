"""Classes of events by their objects, as MUSiC has them (CMS, arXiv:2010.02984), and their histograms.

An event is in one exclusive class, which names all of its objects; in inclusive ones ("+X"), which name any
of them; and in those with any number of further jets ("+Nj"), which name all but some jets. Momenta of a
class are those of the objects that it names, the hardest of each kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from selections import headers
from selections.graph import Selection
from selections.leptons import lepton_preselection
from selections.nodes import WEIGHT
from selections.root import import_root
from selections.steps import Column

HEADERS = ("mapless/event_classes.h",)
ENTRIES = "event_classes"
KINDS = ("e", "mu", "gamma", "b", "j")
"""How names of classes call electrons, muons, photons, b jets and other jets."""
QUANTITIES = ("sum_pt", "mass", "missing_pt")
"""What is histogrammed; where momentum is missing, the mass is the transverse one."""
_SUFFIXES = ("", "+X", "+Nj")
_BITS = 4


class EventClass(NamedTuple):
    """What a class asks for: how many objects of `KINDS`, missing momentum, and what it is open for."""

    counts: tuple[int, ...]
    missing: bool
    suffix: str

    @classmethod
    def of_key(cls, key: int) -> "EventClass":
        """The class of a key of `mapless/event_classes.h`."""
        counts = tuple(key >> (_BITS * i) & (2**_BITS - 1) for i in range(len(KINDS)))
        rest = key >> (_BITS * len(KINDS))
        return cls(counts, bool(rest & 1), _SUFFIXES[rest >> 1])

    @property
    def key(self) -> int:
        """The key of the class.

        >>> EventClass.of_key(EventClass((1, 0, 0, 2, 3), True, "+X").key).name
        '1e+2b+3j+MET+X'
        """
        key = sum(n << (_BITS * i) for i, n in enumerate(self.counts))
        return key | (int(self.missing) | _SUFFIXES.index(self.suffix) << 1) << (_BITS * len(KINDS))

    @property
    def name(self) -> str:
        """As "1e+2j+MET+X".

        >>> EventClass((1, 0, 0, 0, 2), True, "+X").name
        '1e+2j+MET+X'
        """
        parts = [f"{n}{kind}" for n, kind in zip(self.counts, KINDS, strict=True) if n]
        return "+".join([*parts, *(["MET"] if self.missing else [])]) + self.suffix

    @property
    def title(self) -> str:
        """The same for figures."""
        return self.name.replace("mu", r"$\mu$").replace("gamma", r"$\gamma$").replace("MET", r"$p_T^{miss}$")


def event_classes(
    *,
    lepton_pt_min: float = 25.0,
    b_tag_min: float = 0.4,
    missing_min: float = 100.0,
    largest_number: int = 6,
) -> Selection:
    """Events with an electron or a muon above `lepton_pt_min` (GeV), and all their classes as a column.

    Missing momentum counts above `missing_min` (GeV), a jet with a b tag above `b_tag_min` as b jet, and of
    each kind at most the `largest_number` hardest. Other thresholds are those by which the reader chooses
    objects.
    """
    tagged = {
        "jet": f"small_jet_b_tag <= {float(b_tag_min)}f",
        "b_jet": f"small_jet_b_tag > {float(b_tag_min)}f",
    }
    parts = [
        f"mapless::ClassObjects{{{kind}_pt, {kind}_eta, {kind}_phi, {{}}}}" for kind in _LEPTONS_AND_PHOTONS
    ]
    parts += [f"mapless::ClassObjects{{{_parts(tagged[kind])}}}" for kind in ("b_jet", "jet")]
    objects = f"std::array<mapless::ClassObjects, {len(KINDS)}>{{{', '.join(parts)}}}"
    missing = f"missing_pt, missing_phi, {float(missing_min)}f"
    region = lepton_preselection(lepton_pt_min=lepton_pt_min).refine(
        "event_classes",
        columns=(
            Column(
                ENTRIES, f"mapless::event_classes({objects}, {largest_number}, {missing})", title="classes"
            ),
        ),
    )
    return replace(region, headers=(*region.headers, *HEADERS))


_LEPTONS_AND_PHOTONS = ("electron", "muon", "photon")


def _parts(mask: str) -> str:
    return ", ".join(f"small_jet_{name}[{mask}]" for name in ("pt", "eta", "phi", "mass"))


@dataclass(frozen=True, eq=False)
class ClassHistograms:
    """Histograms of classes in common bins.

    `keys` (n_classes,) rise; `entries` (n_classes,) are numbers of events, `weighted` and `squared`
    (n_classes, 3, n_bins) sums of weights and of their squares, by `QUANTITIES`.
    """

    keys: NDArray[np.uint64]
    entries: NDArray[np.float64]
    weighted: NDArray[np.float64]
    squared: NDArray[np.float64]

    @classmethod
    def sum(cls, some: Sequence["ClassHistograms"]) -> "ClassHistograms":
        """All of several together."""
        keys = np.unique(np.concatenate([one.keys for one in some]))
        arrays = [one.at(keys) for one in some]
        return cls(
            keys,
            np.sum([one.entries for one in arrays], axis=0),
            np.sum([one.weighted for one in arrays], axis=0),
            np.sum([one.squared for one in arrays], axis=0),
        )

    def at(self, keys: NDArray[np.uint64]) -> "ClassHistograms":
        """Those of other keys, which rise, with zeros where there are none."""
        _, ours, theirs = np.intersect1d(self.keys, keys, return_indices=True)

        def moved(values: NDArray[np.float64]) -> NDArray[np.float64]:
            found = np.zeros((len(keys), *values.shape[1:]))
            found[theirs] = values[ours]
            return found

        return ClassHistograms(keys, moved(self.entries), moved(self.weighted), moved(self.squared))


class BookedHistograms:
    """Histograms that the next event loop fills, at a node of RDataFrame with `ENTRIES`."""

    def __init__(self, frame: Any, edges: Sequence[float], weight: str = WEIGHT) -> None:
        """`weight` names a column with doubles."""
        headers.load(*HEADERS)
        self._n_bins = len(edges) - 1
        self._booked = import_root().mapless.class_histograms(frame, ENTRIES, weight, list(edges))

    def filled(self) -> ClassHistograms:
        """The histograms; runs the event loop if nothing did so far."""
        keys = np.array(self._booked.keys(), np.uint64)
        contents = np.array(self._booked.contents(), float).reshape(len(keys), 1 + 6 * self._n_bins)
        bins = contents[:, 1:].reshape(len(keys), 2, len(QUANTITIES), self._n_bins)
        return ClassHistograms(keys, contents[:, 0], bins[:, 0], bins[:, 1])


def times_drawn(seed: int, scale: float = 1.0) -> Column:
    """How often mock data hold an event: numbers whose mean is its weight times a scale.

    They fluctuate as counts do, and by the number of simulated events: mock data that are drawn from the very
    simulation that they are compared with differ from it as data do.
    """
    expression = f"mapless::times_drawn(run, luminosity_block, event, {seed}, {scale!r} * weight)"
    return Column("times_drawn", expression, title="how often an event is drawn into mock data")
