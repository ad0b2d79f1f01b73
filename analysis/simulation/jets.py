"""Large jets of a batch of detector objects: found in C++, with a detector's resolution and a b tag."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from analysis.simulation.columns import Columns
from analysis.simulation.detector import Detector, Objects
from analysis.simulation.generator import GeneratedBatch, hadron_flavour, offsets
from selections import clustering
from selections.clustering import SCALED_JETS, JetCriteria, Particles

BetaShapes = Mapping[int, tuple[float, float]]
"""Shapes (a, b) of Beta-distributed scores by flavour."""

HEAVY_HADRON_PT = 15.0  # GeV
# Shapes (a, b) of the Beta-distributed b-tag score of a subjet by flavour: 70 % of bottom, 22 % of charm and
# 1 % of light subjets score above 0.4.
B_TAG_SHAPES: BetaShapes = {0: (1.0, 9.0), 4: (1.0, 3.0), 5: (1.2, 0.8)}


def find_jets(
    batch: GeneratedBatch,
    objects: Objects,
    criteria: JetCriteria,
    detector: Detector,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], Columns]:
    """Jets of the events that meet the criteria: the numbers of these events, and flat columns."""
    energy_scale = scales(detector.jet_energy_resolution, batch.n_events, rng)
    mass_scale = scales(detector.jet_mass_resolution, batch.n_events, rng)
    particles = clustered(batch, objects, HEAVY_HADRON_PT, energy_scale, mass_scale)
    selected, columns = clustering.find_jets(particles, criteria)
    flavours = [columns.pop(f"subjet{number}_flavour") for number in (1, 2)]
    columns["jet_b_tag"] = np.maximum(*(b_tag_score(flavour, rng) for flavour in flavours))
    return selected, columns


def clustered(
    batch: GeneratedBatch,
    objects: Objects,
    hadron_pt: float,
    energy_scale: NDArray[np.float32],
    mass_scale: NDArray[np.float32],
) -> Particles:
    """The objects of a batch as they are clustered, with heavy hadrons above `hadron_pt` (GeV)."""
    hadrons = batch.heavy_hadrons.select(batch.heavy_hadrons.pt > hadron_pt)
    return Particles(
        offsets(objects.event, batch.n_events),
        *(objects.pt, objects.eta, objects.phi, objects.kind),
        offsets(hadrons.event, batch.n_events),
        *(hadrons.eta, hadrons.phi, hadron_flavour(hadrons.pdg_id)),
        energy_scale,
        mass_scale,
    )


def scales(resolution: float, n_events: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Factors that smear the leading jets: (n_events, SCALED_JETS)."""
    return np.maximum(rng.normal(1, resolution, (n_events, SCALED_JETS)), 0).astype(np.float32)


def b_tag_score(
    flavour: NDArray[np.int32], rng: np.random.Generator, shapes: BetaShapes = B_TAG_SHAPES
) -> NDArray[np.float32]:
    """A score in [0, 1] for subjets or jets of the given flavour (0 light, 4 charm, 5 bottom)."""
    draws = {code: rng.beta(a, b, len(flavour)) for code, (a, b) in shapes.items()}
    return np.select([flavour == code for code in draws], list(draws.values())).astype(np.float32)
