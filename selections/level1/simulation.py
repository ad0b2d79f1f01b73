"""Level-1 events of our own simulation: RNTuples of hardware integers."""

from pathlib import Path

import numpy as np

from selections.level1.events import Level1Events
from selections.level1.hardware import N_INPUTS, REGION_SHAPE
from selections.sources.files import inspect

COLUMNS = frozenset({"objects", "regions", "n_pileup"})


def read(path: Path, *, max_events: int | None = None) -> Level1Events:
    """All events of a file, with the bits (L1_*) of the menu that they were simulated with."""
    import uproot

    file = inspect(str(path))
    bits = sorted(name for name in file.columns if name.startswith("L1_"))
    with uproot.open(file.path) as opened:
        found = opened[file.tree].arrays([*sorted(COLUMNS), *bits], entry_stop=max_events)
    columns = {name: np.asarray(found[name]) for name in found.fields}
    return Level1Events.of(
        objects=columns["objects"].reshape(-1, N_INPUTS),
        regions=columns["regions"].reshape(-1, *REGION_SHAPE),
        n_pileup=columns["n_pileup"],
        other_bits={name: columns[name] for name in bits},
    )
