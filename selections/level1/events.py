"""Level-1 events in memory: objects, calorimeter regions, pile-up, weights and the bits of other triggers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections.level1.hardware import N_INPUTS, REGION_BITS, REGION_SHAPE

UNKNOWN_PILEUP = -1


@dataclass(frozen=True, eq=False)
class Level1Events:
    """Inputs of the level-1 trigger for n events, as hardware integers (units: `hardware`).

    `objects` int32 (n, 57): MET, 4 e/gamma, 4 muons, 10 jets, each (pt, eta, phi), zeros where there is none;
    `regions` int16 (n, 18, 14): ET of the calorimeter regions in 0.5 GeV, first axis phi. One of the two may
    be None, when the file does not have it: `inputs` says so. `n_pileup` (n,) counts collisions, or
    reconstructed vertices in data, -1 where unknown; `weight` (n,); `other_bits` are decisions (n,) of other
    triggers by name; `notes` say what was chosen when reading.

    Raises MaplessError when the shapes do not fit, or a region has more than 10 bits.
    """

    objects: NDArray[np.int32] | None
    regions: NDArray[np.int16] | None
    n_pileup: NDArray[np.int32]
    weight: NDArray[np.float32]
    other_bits: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        *,
        objects: NDArray[Any] | None = None,
        regions: NDArray[Any] | None = None,
        n_pileup: NDArray[Any] | None = None,
        weight: NDArray[Any] | None = None,
        other_bits: Mapping[str, NDArray[Any]] | None = None,
        notes: tuple[str, ...] = (),
    ) -> "Level1Events":
        """Events from arrays of any integer type; what is not given is unknown, or 1 for the weight."""
        given = next((array for array in (objects, regions) if array is not None), None)
        if given is None:
            raise MaplessError("level-1 events need objects (n, 57) or regions (n, 18, 14)")
        n = len(given)
        return cls(
            None if objects is None else np.asarray(objects, np.int32),
            None if regions is None else checked_regions(regions),
            np.full(n, UNKNOWN_PILEUP, np.int32) if n_pileup is None else np.asarray(n_pileup, np.int32),
            np.ones(n, np.float32) if weight is None else np.asarray(weight, np.float32),
            {name: np.asarray(bits, bool) for name, bits in (other_bits or {}).items()},
            notes,
        )

    def __post_init__(self) -> None:
        n = len(self)
        expected: list[tuple[str, NDArray[Any] | None, tuple[int, ...]]] = [
            ("objects", self.objects, (n, N_INPUTS)),
            ("regions", self.regions, (n, *REGION_SHAPE)),
            ("n_pileup", self.n_pileup, (n,)),
            ("weight", self.weight, (n,)),
            *((name, bits, (n,)) for name, bits in self.other_bits.items()),
        ]
        for name, array, shape in expected:
            if array is not None and array.shape != shape:
                raise MaplessError(f"level-1 {name} have the shape {array.shape}; they must have {shape}")

    def __len__(self) -> int:
        return len(self.n_pileup)

    def inputs(self, kind: Literal["objects", "regions"]) -> NDArray[Any]:
        """The objects (n, 57) or the regions (n, 18, 14); raises MaplessError where they are lacking."""
        found = self.objects if kind == "objects" else self.regions
        if found is None:
            has = "regions" if kind == "objects" else "objects"
            raise MaplessError(f"these level-1 events have {has} but no {kind}; read a file that has them")
        return found

    def select(self, chosen: NDArray[Any] | slice) -> "Level1Events":
        """The events chosen by a mask, an index array or a slice."""
        return Level1Events(
            None if self.objects is None else self.objects[chosen],
            None if self.regions is None else self.regions[chosen],
            self.n_pileup[chosen],
            self.weight[chosen],
            {name: bits[chosen] for name, bits in self.other_bits.items()},
            self.notes,
        )


def checked_regions(regions: NDArray[Any]) -> NDArray[np.int16]:
    """Regions as int16; raises MaplessError when one does not fit into 10 bits."""
    largest = 2**REGION_BITS - 1
    values = np.asarray(regions)
    if values.size and (values.min() < 0 or values.max() > largest or np.any(values != np.trunc(values))):
        raise MaplessError(f"calorimeter regions must be integers from 0 to {largest}, in units of 0.5 GeV")
    return values.astype(np.int16)
