"""What a trigger without a network would cut on: the yardsticks of an anomaly score."""

import numpy as np
from numpy.typing import NDArray

from selections.level1 import Level1Events, object_inputs


def baselines(events: Level1Events) -> dict[str, NDArray[np.float64]]:
    """Leading jet, HT (sum of the jets) and MET, and the sum of all regions, as far as the events have them.

    Hardware units, shape (n_events,) each.
    """
    found: dict[str, NDArray[np.float64]] = {}
    if events.objects is not None:
        jets = events.objects[:, object_inputs("jet")][:, ::3].astype(float)
        met = events.objects[:, object_inputs("met")][:, 0].astype(float)
        found |= {"leading jet": jets.max(axis=1), "HT": jets.sum(axis=1), "MET": met}
    if events.regions is not None:
        found["total ET"] = events.regions.sum(axis=(1, 2), dtype=float)
    return found
