"""Small jets of all objects of the detector, with its resolution and a b tag."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.simulation.columns import Columns
from analysis.simulation.detector import Objects
from analysis.simulation.generator import GeneratedBatch
from analysis.simulation.jets import BetaShapes, b_tag_score, clustered
from selections.clustering import SCALED_JETS, find_small_jets

RADIUS, MIN_PT = 0.4, 15.0
HEAVY_HADRON_PT = 5.0  # GeV
# 77 % of bottom, 20 % of charm and 1 % of light jets score above 0.4: the working point of arXiv:2307.01612.
B_TAG_SHAPES: BetaShapes = {0: (1.0, 9.0), 4: (1.0, 3.15), 5: (1.37, 0.8)}
STOCHASTIC, CONSTANT = 0.8, 0.03  # what pile-up and all that is not simulated add to the resolution


def small_jets(
    batch: GeneratedBatch, objects: Objects, rng: np.random.Generator
) -> tuple[Columns, list[NDArray[Any]]]:
    """Jets of all events, ordered by event, and what the resolution adds to the momentum of every event.

    The first are `event` and columns of NanoAOD; the second are px and py (n_events,). Jets that consist of a
    lepton or a photon, which are not identified as jets, keep their momentum.
    """
    ones = np.ones((batch.n_events, SCALED_JETS), np.float32)
    found = find_small_jets(clustered(batch, objects, HEAVY_HADRON_PT, ones, ones), RADIUS, MIN_PT)
    event = np.repeat(np.arange(batch.n_events), found["n_jet"])
    identified = found["tight_id"] > 0
    scale = np.where(identified, resolution_scale(found["pt"], rng), 1).astype(np.float32)
    more = (scale - 1) * found["pt"]
    added = [
        np.bincount(event, more * function(found["phi"]), batch.n_events) for function in (np.cos, np.sin)
    ]
    jets: Columns = {
        "event": event,
        "pt": scale * found["pt"],
        "eta": found["eta"],
        "phi": found["phi"],
        "mass": scale * found["mass"],
        "jetId": 6 * identified,  # the bits of tight, with and without a veto on leptons
        "btagDeepFlavB": b_tag_score(found["flavour"], rng, B_TAG_SHAPES),
        "hadronFlavour": found["flavour"],
    }
    return jets, added


def resolution_scale(pt: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float64]:
    """Gaussian factors of mean 1, wider for soft jets."""
    return np.maximum(1 + np.hypot(STOCHASTIC / np.sqrt(pt), CONSTANT) * rng.standard_normal(len(pt)), 0)
