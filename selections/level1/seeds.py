"""Conventional level-1 triggers, to know which events an anomaly trigger adds: thresholds on the objects."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections.level1.hardware import OBJECT_SLOTS, PT_STEP, object_inputs

ETA_STEP = {"met": 1.0, "egamma": 0.0435, "muon": 0.010875, "jet": 0.0435}
MUON_OFFSET = 1  # a muon of 0 GeV has the pt 1
HT_JET_PT, HT_JET_ETA = 30.0, 2.5  # of the jets that HT adds up


@dataclass(frozen=True)
class Seed:
    """A trigger on objects of one kind: one above each threshold (GeV), all within |eta| <= `max_eta`.

    The kind "ht" is the scalar sum of the jets above 30 GeV within |eta| <= 2.5.
    """

    kind: Literal["met", "egamma", "muon", "jet", "ht"]
    thresholds: tuple[float, ...]
    max_eta: float | None = None

    def __post_init__(self) -> None:
        slots = OBJECT_SLOTS.get(self.kind, 1)
        if not 1 <= len(self.thresholds) <= slots:
            raise MaplessError(f"a seed on {self.kind} takes 1 to {slots} thresholds, not {self.thresholds}")

    def decision(self, objects: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Which of the events (n, 57) pass.

        >>> event = np.zeros((1, 57), np.int32)
        >>> event[0, 27] = 360  # a jet of 180 GeV
        >>> Seed("jet", (180,)).decision(event), Seed("jet", (180, 30)).decision(event)
        (array([ True]), array([False]))
        """
        pt = scalar_sum(objects) if self.kind == "ht" else momenta(objects, self.kind, self.max_eta)
        thresholds = -np.sort(-np.array(self.thresholds))
        return np.asarray((pt[:, : len(thresholds)] >= thresholds).all(axis=1))


def momenta(objects: NDArray[np.int32], kind: str, max_eta: float | None = None) -> NDArray[np.float64]:
    """Transverse momenta in GeV, hardest first (n, slots); 0 for empty slots and beyond `max_eta`."""
    pt, eta, _ = np.moveaxis(objects[:, object_inputs(kind)].reshape(len(objects), -1, 3), 2, 0)
    offset = MUON_OFFSET if kind == "muon" else 0
    inside = np.abs(eta) * ETA_STEP[kind] <= (np.inf if max_eta is None else max_eta)
    return -np.sort(-np.where(inside, np.maximum(pt - offset, 0) * PT_STEP, 0.0), axis=1)


def scalar_sum(objects: NDArray[np.int32]) -> NDArray[np.float64]:
    """HT in GeV (n, 1)."""
    pt = momenta(objects, "jet", HT_JET_ETA)
    return np.where(pt >= HT_JET_PT, pt, 0).sum(axis=1, keepdims=True)
