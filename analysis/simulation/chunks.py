"""One chunk of a sample: from the seed to the columns of its selected events, and back from disk."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.simulation.detector import Detector, reconstruct
from analysis.simulation.generator import GeneratedBatch, Generator, Particles, offsets
from analysis.simulation.jets import JET_FLOATS, find_jets
from analysis.simulation.processes import Process, Quality
from analysis.simulation.underlying_event import Pool, gather

Columns = dict[str, NDArray[Any]]


def generate(
    process: Process, quality: Quality, seed: int, chunk: int, n_generated: int, pool: Pool | None
) -> Columns:
    """Events of one chunk, from `n_generated` events that passed the shower veto.

    The result depends on nothing but the arguments. Beside the event columns it holds the scalars
    `n_generated`, `n_tried` and `cross_section` (pb, after the shower veto).
    """
    pythia_seed, detector_seed = np.random.SeedSequence([seed, chunk]).spawn(2)
    generator = Generator(process, quality, int(pythia_seed.generate_state(1)[0]))
    rng = np.random.default_rng(detector_seed)
    batches = list(generator.batches(n_generated))
    selected = [select(batch, process, pool, Detector(), rng) for batch in batches]
    events = {name: np.concatenate([columns[name] for columns in selected]) for name in selected[0]}
    events["n_generated"] = np.array(sum(batch.n_events for batch in batches))
    events["n_tried"] = np.array(generator.n_tried)
    events["cross_section"] = np.array(generator.cross_section)
    return events


def select(
    batch: GeneratedBatch, process: Process, pool: Pool | None, detector: Detector, rng: np.random.Generator
) -> Columns:
    """Canonical columns of the events of a batch that end in the dijet slice."""
    stable = pool.overlay(batch.stable, batch.n_events, rng) if pool else batch.stable
    found = find_jets(
        reconstruct(stable, detector, rng), batch.heavy_hadrons, batch.n_events, process, detector, rng
    )
    events = {f"jet_{name}": found[f"jet_{name}"] for name in (*JET_FLOATS, "b_tag", "n_constituents")}
    events["n_jet"] = found["n_jets"]
    events["jet_tight_id"] = np.ones(len(found["jet_pt"]), np.int32)
    if process.max_constituents:
        events |= constituents(found)
    if process.store_quarks:
        events |= generator_quarks(batch.quarks, batch.n_events, found["event"])
    return events


def constituents(found: Columns) -> Columns:
    """Constituent columns, with the index of the jet in its event."""
    n_jets, n_stored = found["n_jets"], found["n_stored"]
    jet_event = np.repeat(np.arange(len(n_jets)), n_jets)
    jet_in_event = np.arange(n_jets.sum()) - (np.cumsum(n_jets) - n_jets)[jet_event]
    return {
        "n_constituent": np.bincount(jet_event, weights=n_stored, minlength=len(n_jets)).astype(np.int32),
        "constituent_jet": np.repeat(jet_in_event, n_stored).astype(np.int32),
        **{name: found[name] for name in ("constituent_pt", "constituent_eta", "constituent_phi")},
    }


def generator_quarks(quarks: Particles, n_events: int, selected: NDArray[np.int32]) -> Columns:
    """Quarks of the hard process in the selected events."""
    starts = offsets(quarks.event, n_events)
    index, _ = gather(starts, selected.astype(np.int64))
    chosen = quarks.select(index)
    return {
        "n_generator_quark": np.diff(starts)[selected].astype(np.int32),
        "generator_quark_pt": chosen.pt,
        "generator_quark_eta": chosen.eta,
        "generator_quark_phi": chosen.phi,
        "generator_quark_pdg_id": chosen.pdg_id,
    }


def save(path: Path, events: Columns) -> None:
    """Write a chunk so that what has its final name is complete."""
    partial = path.with_name(f"{path.stem}.{os.getpid()}.partial.npz")
    np.savez(partial, **events)  # type: ignore[arg-type]
    partial.replace(path)


def load(path: Path) -> Columns:
    """Read a chunk written by `save`."""
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}
