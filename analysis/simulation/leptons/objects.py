"""Electrons, muons and photons among the objects of the detector, with what lies around them."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.simulation.detector import PHOTON, Objects
from analysis.simulation.generator import gather
from analysis.simulation.leptons.performance import WorkingPoints


class Found(NamedTuple):
    """Electrons, muons or photons, ordered by event: momenta in GeV.

    `isolation` is the momentum around them over their own; `identification` is 0, or 1 to 3 for those that
    are loose, medium and tight.
    """

    event: NDArray[Any]
    pt: NDArray[Any]
    eta: NDArray[Any]
    phi: NDArray[Any]
    charge: NDArray[Any]
    isolation: NDArray[Any]
    identification: NDArray[Any]

    def select(self, mask: Any) -> "Found":
        """Those chosen by a mask, a slice or an index array."""
        return Found(*(column[mask] for column in self))

    @classmethod
    def joined(cls, parts: list["Found"]) -> "Found":
        """All of several, ordered by event."""
        both = cls(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
        return both.select(np.argsort(both.event, kind="stable"))


def find(
    objects: Objects,
    starts: NDArray[np.int64],
    kind: int,
    min_pt: float,
    cone: float,
    efficiencies: WorkingPoints,
    rng: np.random.Generator,
    dressing: float = 0.0,
) -> Found:
    """All objects of a kind above `min_pt` (GeV), isolated in a `cone`, identified by chance.

    `starts` (n_events + 1,) says where each event begins. Photons within `dressing` are added to an object.
    """
    chosen = np.flatnonzero((objects.kind == kind) & (objects.pt > min_pt))
    index, row = gather(starts, objects.event[chosen])
    distance = distances(objects, index, chosen[row])
    own = (index == chosen[row]) | ((objects.kind[index] == PHOTON) & (distance < dressing))
    pt = _sums(objects.pt[index], own, row, len(chosen))
    around = _sums(objects.pt[index], ~own & (distance < cone), row, len(chosen))
    identification = (rng.random((len(chosen), 1)) < np.array(efficiencies)).sum(axis=1)
    directions = (objects.eta[chosen], objects.phi[chosen], objects.charge[chosen])
    return Found(objects.event[chosen], pt, *directions, around / pt, identification)


def distances(objects: Objects, some: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[Any]:
    """Distance delta R between objects and others, one by one."""
    delta_phi = np.remainder(objects.phi[some] - objects.phi[others] + np.pi, 2 * np.pi) - np.pi
    return np.hypot(objects.eta[some] - objects.eta[others], delta_phi)


def _sums(pt: NDArray[Any], mask: NDArray[np.bool_], row: NDArray[np.int64], size: int) -> NDArray[Any]:
    return np.bincount(row[mask], weights=pt[mask], minlength=size).astype(np.float32)
