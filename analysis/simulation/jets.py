"""AK8 jets of a batch of detector objects: clustering and substructure in C++, flavour tagging in numpy."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.simulation.columns import Columns
from analysis.simulation.detector import Detector, Objects
from analysis.simulation.generator import GeneratedBatch, hadron_flavour, offsets
from analysis.simulation.processes import DijetProcess
from selections import headers
from selections.root import import_root

SCALED_JETS = 4  # as in clustering.h
HEAVY_HADRON_PT = 15.0  # GeV
# Shapes (a, b) of the Beta-distributed b-tag score of a subjet by flavour: 70 % of bottom, 22 % of charm and
# 1 % of light subjets score above 0.4.
B_TAG_SHAPES = {0: (1.0, 9.0), 4: (1.0, 3.0), 5: (1.2, 0.8)}
JET_FLOATS = ("pt", "eta", "phi", "mass", "softdrop_mass", "tau1", "tau2", "tau3", "tau4", "lsf3")


@cache
def cpp() -> Any:
    """The C++ namespace with `cluster`; FastJet's banner would tear the progress bar."""
    headers.load("mapless/clustering.h")
    root = import_root()
    root.fastjet.ClusterSequence.set_fastjet_banner_stream(root.nullptr)
    return root.mapless


def find_jets(
    batch: GeneratedBatch,
    objects: Objects,
    process: DijetProcess,
    detector: Detector,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], Columns]:
    """Jets of the events in the dijet slice of `process`: the numbers of these events, and flat columns.

    `n_jet` (n_selected,) counts the jets of each event, `n_constituent` their constituents, if stored.
    """
    hadrons = batch.heavy_hadrons.select(batch.heavy_hadrons.pt > HEAVY_HADRON_PT)
    arrays = [
        offsets(objects.event, batch.n_events),
        *(objects.pt, objects.eta, objects.phi, objects.kind),
        offsets(hadrons.event, batch.n_events),
        *(hadrons.eta, hadrons.phi, hadron_flavour(hadrons.pdg_id)),
        scales(detector.jet_energy_resolution, batch.n_events, rng),
        scales(detector.jet_mass_resolution, batch.n_events, rng),
    ]
    arrays = [np.ascontiguousarray(array) for array in arrays]  # alive until C++ has done its work
    criteria = cpp().Criteria(
        *(process.min_pt, process.max_eta, process.mjj_min, process.mjj_max),
        *(process.min_delta_eta, process.max_delta_eta, process.max_jets, process.max_constituents),
    )
    found = cpp().cluster(cpp().Batch(batch.n_events, *arrays), criteria)
    columns = jet_columns(found, rng)
    if process.max_constituents:
        columns |= constituent_columns(found, columns["n_jet"])
    return to_numpy(found.event, np.int32).astype(np.int64), columns


def scales(resolution: float, n_events: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Factors that smear the leading jets: (n_events, SCALED_JETS)."""
    return np.maximum(rng.normal(1, resolution, (n_events, SCALED_JETS)), 0).astype(np.float32)


def jet_columns(found: Any, rng: np.random.Generator) -> Columns:
    """The jets that C++ found, with a b-tag score."""
    columns = {f"jet_{name}": to_numpy(getattr(found, name), np.float32) for name in JET_FLOATS}
    flavours = [to_numpy(subjet, np.int32) for subjet in (found.flavour1, found.flavour2)]
    columns["jet_b_tag"] = np.maximum(*(b_tag_score(flavour, rng) for flavour in flavours))
    columns["jet_n_constituents"] = to_numpy(found.n_constituents, np.int32)
    columns["jet_tight_id"] = np.ones(len(flavours[0]), np.int32)  # the others were dropped
    columns["n_jet"] = to_numpy(found.n_jets, np.int32)
    return columns


def constituent_columns(found: Any, n_jet: NDArray[np.int32]) -> Columns:
    """The hardest constituents of each jet, and the index of the jet in its event."""
    n_stored = to_numpy(found.n_stored, np.int32)
    event = np.repeat(np.arange(len(n_jet)), n_jet)
    jet = np.arange(len(event)) - (np.cumsum(n_jet) - n_jet)[event]
    columns = {
        f"constituent_{name}": to_numpy(getattr(found, f"constituent_{name}"), np.float32)
        for name in ("pt", "eta", "phi")
    }
    n_constituent = np.bincount(event, weights=n_stored, minlength=len(n_jet)).astype(np.int64)
    return columns | {"n_constituent": n_constituent, "constituent_jet": np.repeat(jet, n_stored)}


def b_tag_score(flavour: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A score in [0, 1] for subjets of the given flavour (0 light, 4 charm, 5 bottom)."""
    draws = {code: rng.beta(a, b, len(flavour)) for code, (a, b) in B_TAG_SHAPES.items()}
    return np.select([flavour == code for code in draws], list(draws.values())).astype(np.float32)


def to_numpy(vector: Any, dtype: type) -> NDArray[Any]:
    """A copy of a C++ vector."""
    size = len(vector)
    return np.array(np.frombuffer(vector.data(), dtype, size)) if size else np.empty(0, dtype)
