"""AK8 jets of a batch of detector objects: clustering and substructure in C++, flavour tagging in numpy."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.simulation.detector import Detector, Objects
from analysis.simulation.generator import Particles, hadron_flavour, offsets
from analysis.simulation.processes import Process

HEADERS = Path(__file__).parent / "cpp"
SCALED_JETS = 4  # as in clustering.h
HEAVY_HADRON_PT = 15.0
# Shapes (a, b) of the Beta-distributed b-tag score of a subjet by flavour: 70 % of b, 22 % of c and 1 % of
# light subjets score above 0.4.
B_TAG_SHAPES = {0: (1.0, 9.0), 4: (1.0, 3.0), 5: (1.2, 0.8)}
JET_FLOATS = ("pt", "eta", "phi", "mass", "softdrop_mass", "tau1", "tau2", "tau3", "tau4", "lsf3")

Columns = dict[str, NDArray[Any]]


@cache
def compiled() -> Any:
    """The C++ namespace of clustering.h, compiled by ROOT once in a process."""
    from analysis.simulation.compile import load

    return load("clustering.h").mapless.simulation


def find_jets(
    objects: Objects,
    heavy_hadrons: Particles,
    n_events: int,
    process: Process,
    detector: Detector,
    rng: np.random.Generator,
) -> Columns:
    """Jets of the events in the dijet slice of `process`, as flat arrays.

    `event` (n_selected,) and `n_jets` (n_selected,) say which event has how many of the jets; `jet_*` have one
    entry a jet, `constituent_*` one a constituent, `n_stored` counts those of each jet.
    """
    namespace = compiled()
    hadrons = heavy_hadrons.select(heavy_hadrons.pt > HEAVY_HADRON_PT)
    energy_scale, mass_scale = (
        np.maximum(rng.normal(1, resolution, (n_events, SCALED_JETS)), 0).astype(np.float32)
        for resolution in (detector.jet_energy_resolution, detector.jet_mass_resolution)
    )
    arrays = [
        offsets(objects.event, n_events), objects.pt, objects.eta, objects.phi, objects.kind,
        offsets(hadrons.event, n_events), hadrons.eta, hadrons.phi, hadron_flavour(hadrons.pdg_id),
        energy_scale, mass_scale,
    ]  # fmt: skip
    arrays = [np.ascontiguousarray(array) for array in arrays]
    batch = namespace.Batch(n_events, *arrays)
    criteria = namespace.Criteria(
        process.min_pt, process.max_eta, process.mjj_min, process.mjj_max, process.max_delta_eta,
        process.max_jets, process.max_constituents,
    )  # fmt: skip
    return tagged(namespace.cluster(batch, criteria), rng)


def tagged(found: Any, rng: np.random.Generator) -> Columns:
    """The C++ result as numpy columns, with a b-tag score."""
    columns = {"event": to_numpy(found.event, np.int32), "n_jets": to_numpy(found.n_jets, np.int32)}
    columns |= {f"jet_{name}": to_numpy(getattr(found, name), np.float32) for name in JET_FLOATS}
    columns["jet_n_constituents"] = to_numpy(found.n_constituents, np.int32)
    subjet_flavours = [to_numpy(flavour, np.int32) for flavour in (found.flavour1, found.flavour2)]
    columns["jet_b_tag"] = np.maximum(*(b_tag_score(flavour, rng) for flavour in subjet_flavours))
    columns["n_stored"] = to_numpy(found.n_stored, np.int32)
    for name in ("pt", "eta", "phi"):
        columns[f"constituent_{name}"] = to_numpy(getattr(found, f"constituent_{name}"), np.float32)
    return columns


def b_tag_score(flavour: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A score in [0, 1] for subjets of the given flavour (0 light, 4 charm, 5 bottom)."""
    draws = {code: rng.beta(a, b, len(flavour)) for code, (a, b) in B_TAG_SHAPES.items()}
    return np.select([flavour == code for code in draws], list(draws.values())).astype(np.float32)


def to_numpy(vector: Any, dtype: type) -> NDArray[Any]:
    """A copy of a C++ vector."""
    size = len(vector)
    if size == 0:
        return np.empty(0, dtype)
    return np.array(np.frombuffer(vector.data(), dtype, size))
