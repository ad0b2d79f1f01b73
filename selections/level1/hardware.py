"""What the integers of the level-1 global trigger mean: order of the objects, units and ranges.

Units and bits are those of the CMS global trigger; `selections/cpp/mapless/level1_objects.h` converts.

| object | pt | bits | eta | phi |
|---|---|---|---|---|
| MET | 0.5 GeV | 12 | always 0 | 2 pi / 144 |
| e/gamma | 0.5 GeV | 9 | 0.0435 | 2 pi / 144 |
| muon | 0.5 GeV, offset by one: 0 is no muon, 1 is 0 GeV | 9 | 0.010875 | 2 pi / 576 |
| jet | 0.5 GeV | 11 | 0.0435 | 2 pi / 144 |

`objects` hold the pt in these units. The networks of AXOL1TL that CMS deployed take half of it: a trigger
model knows the step of its momenta and converts (`own_units`).
"""

from collections.abc import Mapping

OBJECT_SLOTS: Mapping[str, int] = {"met": 1, "egamma": 4, "muon": 4, "jet": 10}
COORDINATES = ("pt", "eta", "phi")
PT_BITS: Mapping[str, int] = {"met": 12, "egamma": 9, "muon": 9, "jet": 11}
PT_STEP = 0.5  # GeV, of objects, trigger towers and regions
SLOT_NAMES = tuple(f"{kind}{i}" for kind, slots in OBJECT_SLOTS.items() for i in range(slots))
INPUT_NAMES = tuple(f"{slot}_{coordinate}" for slot in SLOT_NAMES for coordinate in COORDINATES)
N_SLOTS, N_INPUTS = len(SLOT_NAMES), len(INPUT_NAMES)
REGION_SHAPE = (18, 14)  # phi, eta: 4 x 4 trigger towers each
REGION_BITS = 10


def object_inputs(kind: str) -> slice:
    """Where the objects of a kind stand among the 57 inputs.

    >>> object_inputs("egamma"), object_inputs("jet")
    (slice(3, 15, None), slice(27, 57, None))
    """
    kinds = list(OBJECT_SLOTS)
    width = len(COORDINATES)
    first = sum(OBJECT_SLOTS[other] for other in kinds[: kinds.index(kind)])
    return slice(first * width, (first + OBJECT_SLOTS[kind]) * width)
