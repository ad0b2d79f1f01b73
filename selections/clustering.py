"""Jets of particles: large ones with their substructure, and small ones, clustered in C++."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selections import headers
from selections.canonical_writer import Columns
from selections.root import import_root

SCALED_JETS = 4  # as in clustering.h
CHARGED_HADRON = 0  # as in clustering.h
JET_FLOATS = ("pt", "eta", "phi", "mass", "softdrop_mass", "tau1", "tau2", "tau3", "tau4", "lsf3")


@dataclass(frozen=True)
class JetCriteria:
    """Which events and jets to keep (GeV), anti-kt of a radius, trimmed if the fraction is above 0.

    Events hold two jets of `min_pt` and `max_eta` whose mass and |delta eta| lie in the given ranges; with
    `min_jets` below 2 only so many. The tight identification needs to know the kinds of particles.
    """

    min_pt: float
    max_eta: float = 2.5
    mjj_min: float = 0.0
    mjj_max: float = 1e5
    min_delta_eta: float = 0.0
    max_delta_eta: float = 10.0
    max_jets: int = 3
    max_constituents: int = 0
    radius: float = 0.8
    trimming_fraction: float = 0.0
    trimming_radius: float = 0.2
    tight_id: bool = True
    min_jets: int = 2


@dataclass(frozen=True)
class Particles:
    """Massless particles of some events, flat and ordered by event, and what smears their jets.

    `starts` (n_events + 1,) says where each event begins; `kind` as in clustering.h. Heavy hadrons, with
    starts of their own, give subjets a flavour; the scales are (n_events, SCALED_JETS).
    """

    starts: NDArray[np.int64]
    pt: NDArray[np.float32]
    eta: NDArray[np.float32]
    phi: NDArray[np.float32]
    kind: NDArray[np.int32]
    hadron_starts: NDArray[np.int64]
    hadron_eta: NDArray[np.float32]
    hadron_phi: NDArray[np.float32]
    hadron_flavour: NDArray[np.int32]
    energy_scale: NDArray[np.float32]
    mass_scale: NDArray[np.float32]

    @classmethod
    def of_unknown_kind(
        cls, starts: NDArray[Any], pt: NDArray[Any], eta: NDArray[Any], phi: NDArray[Any]
    ) -> "Particles":
        """Particles of which nothing is known but their momenta."""
        ones = np.ones((len(starts) - 1, SCALED_JETS), np.float32)
        nowhere, unknown = np.empty(0, np.float32), np.empty(0, np.int32)
        return cls(
            np.asarray(starts, np.int64),
            np.asarray(pt, np.float32),
            np.asarray(eta, np.float32),
            np.asarray(phi, np.float32),
            np.full(len(pt), CHARGED_HADRON, np.int32),
            np.zeros(len(starts), np.int64),
            nowhere,
            nowhere,
            unknown,
            ones,
            ones,
        )


@cache
def _cpp() -> Any:
    """The C++ namespace with `cluster` and `small_jets`; FastJet's banner would tear the progress bar."""
    headers.load("mapless/small_jets.h")
    root = import_root()
    root.fastjet.ClusterSequence.set_fastjet_banner_stream(root.nullptr)
    return root.mapless


def find_jets(particles: Particles, criteria: JetCriteria) -> tuple[NDArray[np.int64], Columns]:
    """Jets of the events that meet the criteria: the numbers of these events, and flat columns.

    `n_jet` (n_selected,) counts the jets of each event, `n_constituent` their constituents, if stored;
    `subjet1_flavour` and `subjet2_flavour` are 5, 4 or 0.
    """
    arrays = _addressed(particles)
    found = _cpp().cluster(_batch(arrays), _cpp().Criteria(*vars(criteria).values()))
    columns = {f"jet_{name}": _to_numpy(getattr(found, name), np.float32) for name in JET_FLOATS}
    columns |= {f"subjet{n}_flavour": _to_numpy(getattr(found, f"flavour{n}"), np.int32) for n in (1, 2)}
    columns["jet_n_constituents"] = _to_numpy(found.n_constituents, np.int32)
    columns["jet_tight_id"] = np.ones(len(columns["jet_pt"]), np.int32)  # the others were dropped
    columns["n_jet"] = _to_numpy(found.n_jets, np.int32)
    if criteria.max_constituents:
        columns |= _constituents(found, columns["n_jet"])
    return _to_numpy(found.event, np.int32).astype(np.int64), columns


def find_small_jets(particles: Particles, radius: float, min_pt: float) -> Columns:
    """Anti-kt jets of all events above `min_pt` (GeV): flat columns, and `n_jet` (n_events,).

    `pt`, `eta`, `phi`, `mass`, `tight_id`, and `flavour`, which is 5, 4 or 0. The scales of the particles are
    for large jets.
    """
    arrays = _addressed(particles)
    found = _cpp().small_jets(_batch(arrays), radius, min_pt)
    columns = {name: _to_numpy(getattr(found, name), np.float32) for name in ("pt", "eta", "phi", "mass")}
    columns |= {name: _to_numpy(getattr(found, name), np.int32) for name in ("tight_id", "flavour")}
    return columns | {"n_jet": _to_numpy(found.n_jets, np.int32)}


def _addressed(particles: Particles) -> list[NDArray[Any]]:
    """The arrays as C++ takes them, which wants an address of nothing as well; keep them while it works."""
    return [
        np.ascontiguousarray(value) if value.size else np.zeros(1, value.dtype)
        for value in vars(particles).values()
    ]


def _batch(arrays: list[NDArray[Any]]) -> Any:
    return _cpp().Batch(len(arrays[0]) - 1, *arrays)


def _constituents(found: Any, n_jet: NDArray[np.int32]) -> Columns:
    """The hardest constituents of each jet, and the index of the jet in its event."""
    n_stored = _to_numpy(found.n_stored, np.int32)
    event = np.repeat(np.arange(len(n_jet)), n_jet)
    jet = np.arange(len(event)) - (np.cumsum(n_jet) - n_jet)[event]
    columns = {
        f"constituent_{name}": _to_numpy(getattr(found, f"constituent_{name}"), np.float32)
        for name in ("pt", "eta", "phi")
    }
    n_constituent = np.bincount(event, weights=n_stored, minlength=len(n_jet)).astype(np.int64)
    return columns | {"n_constituent": n_constituent, "constituent_jet": np.repeat(jet, n_stored)}


def _to_numpy(vector: Any, dtype: type) -> NDArray[Any]:
    """A copy of a C++ vector."""
    size = len(vector)
    return np.array(np.frombuffer(vector.data(), dtype, size)) if size else np.empty(0, dtype)
