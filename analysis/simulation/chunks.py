"""One chunk of a sample: from the seed to the columns of its selected events."""

import numpy as np
from numpy.typing import NDArray

from analysis.simulation.columns import Columns
from analysis.simulation.detector import ACCEPTANCE, Detector, reconstruct
from analysis.simulation.generator import GeneratedBatch, Generator, of_events
from analysis.simulation.jets import find_jets
from analysis.simulation.leptons.lepton_process import LeptonProcess
from analysis.simulation.leptons.selection import ACCEPTANCE as LEPTON_ACCEPTANCE
from analysis.simulation.leptons.selection import select_leptons
from analysis.simulation.processes import SelectedProcess
from analysis.simulation.recipe import SampleRecipe
from analysis.simulation.underlying_event import UnderlyingEventPool

COLLECTIONS = ("jet", "constituent", "generator_quark", "Jet", "Electron", "Muon", "Photon")


def generate(recipe: SampleRecipe, chunk: int, n_generated: int, pool: UnderlyingEventPool | None) -> Columns:
    """Events of one chunk, from `n_generated` events that passed the veto.

    The result depends on nothing but the arguments. The columns of each collection are flat, with the number
    of its items in every event as `n_jet`, `n_constituent` or `n_generator_quark` (n_events,). Beside them
    stand the scalars `n_generated`, `n_tried` and `cross_section` (pb, after the veto).
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
    events["cross_section"] = np.array(generator.cross_section / recipe.process.enhancement)
    return events


def select(
    batch: GeneratedBatch,
    process: SelectedProcess,
    detector: Detector,
    pool: UnderlyingEventPool | None,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], Columns]:
    """The numbers of the events of a batch that are selected, and their columns."""
    stable = pool.overlay(batch.stable, batch.n_events, rng) if pool else batch.stable
    if isinstance(process, LeptonProcess):
        objects = reconstruct(stable, detector, rng, LEPTON_ACCEPTANCE)
        selected, events = select_leptons(batch, objects, process, detector, rng)
    else:
        criteria = process.jet_criteria
        reached = max(ACCEPTANCE, criteria.max_eta + criteria.radius)
        objects = reconstruct(stable, detector, rng, reached)
        selected, events = find_jets(batch, objects, criteria, detector, rng)
    if process.store_quarks:
        quarks = {name: getattr(batch.quarks, name) for name in ("event", "pt", "eta", "phi", "pdg_id")}
        events |= of_events("generator_quark", quarks, selected, batch.n_events)
    return selected, events
