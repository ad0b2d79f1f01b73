"""Level-1 objects of CMS NanoAOD: physical values turned back into hardware integers.

Central NanoAOD keeps jets from 30 GeV, e/gamma from 10 GeV and muons from 3 GeV on. The trigger itself sees
softer ones as well: for events with empty slots the score of a network is not the one that it had online.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections import headers
from selections.level1.events import Level1Events
from selections.level1.hardware import N_INPUTS
from selections.root import import_root, one_line_errors
from selections.sources.files import OpenedFile, inspect

SOURCES = (
    *(f"L1EtSum_{name}" for name in ("pt", "phi", "etSumType", "bx")),
    *(f"{kind}_{name}" for kind in ("L1EG", "L1Mu", "L1Jet") for name in ("pt", "eta", "phi", "bx")),
)
NOTE = "NanoAOD leaves out jets below 30, e/gamma below 10 and muons below 3 GeV, which the trigger sees"
# Bits that tell no physics: bunches, beams, cosmic muons, calibration
NO_PHYSICS = re.compile(
    r"AlwaysTrue|ZeroBias|MinimumBias|BPTX|Bptx|Bunch|Collision|Unprefireable|LaserMon|TOTEM|CDC|Cosmics|HCAL"
)


def define_objects(frame: Any) -> Any:
    """The frame with the column `level1_objects`: the 57 inputs of trigger networks, an RVec of integers."""
    headers.load("mapless/level1_objects.h")
    expression = f"mapless::level1::objects_of_nanoaod({', '.join(SOURCES)})"
    with one_line_errors("level-1 objects"):
        return frame.Define("level1_objects", expression)


def read(path: Path, *, max_events: int | None = None, seeds: Sequence[str] | None = None) -> Level1Events:
    """Level-1 events of a NanoAOD file; pile-up is the number of reconstructed vertices.

    The bits of other triggers are those of `seeds`, or all L1_* that select physics.
    """
    file = inspect(str(path))
    lacking = [name for name in SOURCES if name not in file.columns]
    if lacking:
        raise MaplessError(f"{path} lacks {lacking[0]}, which the level-1 objects need")
    unknown = [name for name in seeds or () if name not in file.columns]
    if unknown:
        raise MaplessError(f"{path} has no trigger bit {unknown[0]}")
    chosen = seeds if seeds is not None else physics_seeds(file)
    numbers = [name for name in ("PV_npvs", "genWeight") if name in file.columns]
    columns = scalars(file, [*numbers, *chosen], max_events)
    return Level1Events.of(
        objects=objects(file, max_events),
        n_pileup=columns.get("PV_npvs"),
        weight=columns.get("genWeight"),
        other_bits={name: columns[name] for name in chosen},
        notes=(NOTE,),
    )


def physics_seeds(file: OpenedFile) -> list[str]:
    """Names of the bits of all triggers that select physics."""
    return sorted(name for name in file.columns if name.startswith("L1_") and not NO_PHYSICS.search(name))


def objects(file: OpenedFile, max_events: int | None) -> NDArray[np.int32]:
    """The 57 inputs (n, 57) of the events of a file."""
    frame = import_root().RDataFrame(file.tree, file.path)
    if max_events:
        frame = frame.Range(max_events)
    found = define_objects(frame).Take["ROOT::VecOps::RVec<int>"]("level1_objects").GetValue()
    inputs = np.zeros((len(found), N_INPUTS), np.int32)
    if len(found):  # ROOT takes no empty array
        import_root().mapless.level1.flatten(found, N_INPUTS, inputs.ravel())
    return inputs


def scalars(file: OpenedFile, names: Sequence[str], max_events: int | None) -> dict[str, NDArray[Any]]:
    """Columns with one number an event."""
    import uproot

    if not names:
        return {}
    with uproot.open(file.path) as opened:
        found = opened[file.tree].arrays(list(names), entry_stop=max_events)
    return {name: np.asarray(found[name]) for name in names}
