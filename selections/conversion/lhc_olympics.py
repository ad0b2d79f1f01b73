"""Files of the LHC Olympics 2020 (arXiv:2101.08320): raw particles, and the features of two jets."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections.canonical_writer import Columns
from selections.clustering import JetCriteria, Particles, find_jets
from selections.conversion.checks import check_dataset, check_momenta
from selections.conversion.parts import hardest_first, jets, open_hdf5, slices, write_hdf5

N_PARTICLES = 700
PARTICLE_VALUES = 3 * N_PARTICLES
PARTICLE_EVENTS = 2_000  # at once
OF_A_JET = ("px", "py", "pz", "m", "tau1", "tau2", "tau3")
FEATURES = tuple(f"{name}j{jet}" for jet in (1, 2) for name in OF_A_JET)


def recognises_particles(file: Any) -> bool:
    """Whether an open HDF5 file holds a pandas frame of 700 particles, with or without a label."""
    values = _particle_values(file)
    return values is not None and values.shape[1] in (PARTICLE_VALUES, PARTICLE_VALUES + 1)


def recognises_features(file: Any) -> bool:
    """Whether an open HDF5 file holds a pandas frame with the features of two jets."""
    return set(FEATURES) <= set(_frame_columns(file))


def read_particles(
    path: Path, *, radius: float = 1.0, trimming_fraction: float = 0.0, max_constituents: int = 100
) -> Iterator[Columns]:
    """Canonical columns of the two or three hardest anti-kt jets of each event, with their constituents.

    Events with fewer than two jets above 30 GeV go. Without particle types there is neither a b tag nor a
    lepton subjet fraction. Events are numbered by their row; black boxes have no label.
    """
    criteria = JetCriteria(
        min_pt=30,
        max_eta=10,
        radius=radius,
        trimming_fraction=trimming_fraction,
        max_constituents=max_constituents,
        tight_id=False,
    )
    with open_hdf5(path) as file:
        values = _particle_values(file)
        if values is None:
            raise MaplessError(f"{path} holds no pandas frame of 700 particles an event")
        for part in slices(len(values), PARTICLE_EVENTS):
            yield _clustered(np.asarray(values[part]), part.start, criteria)


def write_particles(path: Path, parts: Iterator[Mapping[str, Any]]) -> int:
    """Write the constituents of all jets as the 700 hardest particles of each event; return their number.

    `parts` are awkward records of canonical columns. What is outside of jets is not there; the truth label is
    the last column, as in the sample for research and development.
    """
    n_written = 0

    def arrays() -> Iterator[dict[str, NDArray[Any]]]:
        nonlocal n_written
        for part in parts:
            rows = _rows(part)
            n_written += len(rows)
            yield {"df/block0_values": rows}

    write_hdf5(path, arrays())
    return n_written


def _rows(part: Mapping[str, Any]) -> NDArray[np.float32]:
    """Particles and label of events (n_events, 2101), the hardest first."""
    import awkward as ak

    order = ak.argsort(part["constituent_pt"], ascending=False)
    rectangles = []
    for name in ("pt", "eta", "phi"):
        padded = ak.pad_none(part[f"constituent_{name}"][order], N_PARTICLES, clip=True)
        rectangles.append(ak.to_numpy(ak.fill_none(padded, 0)))
    particles = np.stack(rectangles, axis=2).reshape(len(order), PARTICLE_VALUES)
    return np.column_stack([particles, ak.to_numpy(part["truth_label"])]).astype(np.float32)


def _clustered(values: NDArray[Any], first: int, criteria: JetCriteria) -> Columns:
    particles = values[:, :PARTICLE_VALUES].reshape(len(values), N_PARTICLES, 3)
    if not np.isfinite(values).all() or particles[..., 0].min(initial=0) < 0:
        raise MaplessError(
            "a particle has a momentum that is NaN, infinite or below zero; leave such events out"
        )
    check_momenta(particles[..., 0])
    there = particles[..., 0] > 0
    starts = np.concatenate([[0], np.cumsum(np.count_nonzero(there, axis=1))])
    selected, columns = find_jets(Particles.of_unknown_kind(starts, *particles[there].T), criteria)
    for name in ("subjet1_flavour", "subjet2_flavour", "jet_lsf3"):
        del columns[name]
    if criteria.trimming_fraction > 0:
        columns["jet_trimmed_mass"] = columns["jet_mass"]
    columns |= _identity(first + selected)
    if values.shape[1] > PARTICLE_VALUES:
        columns["truth_label"] = values[selected, PARTICLE_VALUES]
    return columns


def read_features(path: Path) -> Iterator[Columns]:
    """Canonical columns of the two jets: momenta, masses, and three N-subjettiness variables."""
    with open_hdf5(path) as file:
        places = _frame_columns(file)
        missing = [name for name in FEATURES if name not in places]
        if missing:
            raise MaplessError(f"{path} has no column {missing[0]}: it holds no features of the LHC Olympics")
        n_events = len(places["pxj1"][0])
        for part in slices(n_events):
            frame = {name: np.asarray(values[part, place]) for name, (values, place) in places.items()}
            yield _of_features(frame, part)


def _of_features(frame: dict[str, NDArray[Any]], part: slice) -> Columns:
    both = {
        name: np.stack([frame[f"{name}j{jet}"] for jet in (1, 2)], axis=1).astype(np.float64)
        for name in OF_A_JET
    }
    pt = np.hypot(both["px"], both["py"])
    columns = {
        "pt": pt,
        "eta": np.arcsinh(both["pz"] / np.maximum(pt, np.finfo(float).tiny)),
        "phi": np.arctan2(both["py"], both["px"]),
        "mass": both["m"],
        **{name: both[name] for name in ("tau1", "tau2", "tau3")},
        "tight_id": np.ones(pt.shape, np.int64),
    }
    found = jets(columns, hardest_first(pt)) | _identity(np.arange(part.start, part.stop))
    if "label" in frame:
        found["truth_label"] = frame["label"]
    return found


def _identity(rows: NDArray[np.int64]) -> Columns:
    return {"event": rows, "weight": np.ones(len(rows))}


def _particle_values(file: Any) -> Any:
    """The values of a pandas frame with one block, or with a table; None where there is none."""
    for group in _groups(file):
        if "block0_values" in group:
            check_dataset(group, "block0_values", n_columns=1)
            return group["block0_values"]
    return None


def _groups(file: Any) -> list[Any]:
    """What holds datasets, as pandas writes its frames."""
    return [group for group in file.values() if hasattr(group, "keys")]


def _frame_columns(file: Any) -> dict[str, tuple[Any, int]]:
    """Of a pandas frame, each named column with its block of values and its place there."""
    found = {}
    for group in _groups(file):
        number, n_events = 0, None
        while f"block{number}_items" in group:
            if getattr(group[f"block{number}_items"], "ndim", 0) != 1:
                raise MaplessError(f"block{number}_items is no list of names")
            items = group[f"block{number}_items"][:]
            check_dataset(group, f"block{number}_values", len(items), n_events)
            n_events = len(group[f"block{number}_values"])
            for place, item in enumerate(items):
                name = item.decode() if isinstance(item, bytes) else str(item)
                found[name] = (group[f"block{number}_values"], place)
            number += 1
    return found
