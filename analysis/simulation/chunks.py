"""One chunk of a sample: from the seed to the columns of its selected events."""

import numpy as np
from numpy.typing import NDArray

from analysis.simulation.columns import Columns
from analysis.simulation.detector import Detector, reconstruct
from analysis.simulation.generator import GeneratedBatch, Generator, Particles, gather, offsets
from analysis.simulation.jets import find_jets
from analysis.simulation.processes import DijetProcess
from analysis.simulation.recipe import SampleRecipe
from analysis.simulation.underlying_event import UnderlyingEventPool

COLLECTIONS = ("jet", "constituent", "generator_quark")


def generate(recipe: SampleRecipe, chunk: int, n_generated: int, pool: UnderlyingEventPool | None) -> Columns:
    """Events of one chunk, from `n_generated` events that passed the shower veto.

    The result depends on nothing but the arguments. The columns of each collection are flat, with the number
    of its items in every event as `n_jet`, `n_constituent` or `n_generator_quark` (n_events,). Beside them
    stand the scalars `n_generated`, `n_tried` and `cross_section` (pb, after the shower veto).
    """
    pythia_seed, detector_seed = np.random.SeedSequence([recipe.seed, chunk]).spawn(2)
    generator = Generator(recipe.process, recipe.quality, int(pythia_seed.generate_state(1)[0]))
    rng = np.random.default_rng(detector_seed)
    n_done, selected = 0, []
    for batch in generator.batches(n_generated):
        selected.append(select(batch, recipe.process, recipe.detector, pool, rng)[1])
        n_done += batch.n_events
    events = {name: np.concatenate([columns[name] for columns in selected]) for name in selected[0]}
    events["n_generated"] = np.array(n_done)
    events["n_tried"] = np.array(generator.n_tried)
    events["cross_section"] = np.array(generator.cross_section)
    return events


def select(
    batch: GeneratedBatch,
    process: DijetProcess,
    detector: Detector,
    pool: UnderlyingEventPool | None,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], Columns]:
    """The numbers of the events of a batch that end in the dijet slice, and their columns."""
    stable = pool.overlay(batch.stable, batch.n_events, rng) if pool else batch.stable
    objects = reconstruct(stable, detector, rng)
    selected, events = find_jets(batch, objects, process, detector, rng)
    if process.store_quarks:
        events |= generator_quarks(batch.quarks, batch.n_events, selected)
    return selected, events


def generator_quarks(quarks: Particles, n_events: int, selected: NDArray[np.int64]) -> Columns:
    """Quarks of the hard process in the selected events."""
    starts = offsets(quarks.event, n_events)
    index, _ = gather(starts, selected)
    chosen = quarks.select(index)
    return {
        "n_generator_quark": np.diff(starts)[selected],
        "generator_quark_pt": chosen.pt,
        "generator_quark_eta": chosen.eta,
        "generator_quark_phi": chosen.phi,
        "generator_quark_pdg_id": chosen.pdg_id,
    }
