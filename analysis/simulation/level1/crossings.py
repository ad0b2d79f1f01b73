"""Bunch crossings: pile-up drawn from the pool, laid over a hard collision if there is one, and triggered."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.simulation.columns import Columns
from analysis.simulation.generator import Generator
from analysis.simulation.level1.pool import CollisionPool, Draw
from analysis.simulation.level1.processes import Crossing, ZeroBias
from analysis.simulation.level1.soft_muons import soft_muons
from analysis.simulation.level1.towers import Collisions, cpp, digitise_collisions
from analysis.simulation.processes import Quality
from analysis.simulation.recipe import SampleRecipe
from selections.level1.hardware import N_INPUTS, REGION_SHAPE
from selections.root import import_root


def generate(recipe: SampleRecipe[Crossing], chunk: int, n_events: int, pool: CollisionPool) -> Columns:
    """Objects (n, 57), regions (n, 18, 14) and n_pileup (n,) of one chunk, from nothing but the arguments.

    `cross_section` (pb) is that of the hard collision, or the inelastic one for zero bias.
    """
    pythia_seed, trigger_seed = np.random.SeedSequence([recipe.seed, chunk]).spawn(2)
    rng = np.random.default_rng(trigger_seed)
    cross_section = pool.cross_sections[0]
    added: list[Collisions] = []
    if not isinstance(recipe.process, ZeroBias):
        multiparton: Quality = "tiny" if recipe.quality == "tiny" else "full"
        generator = Generator(recipe.process, multiparton, int(pythia_seed.generate_state(1)[0]))
        batches = generator.batches(n_events)
        added.append(Collisions.joined([digitise_collisions(b.stable, b.n_events, rng) for b in batches]))
        cross_section = generator.cross_section
    draw = pool.draw(n_events, recipe.process.pileup, cpp().n_phi, rng)
    added.append(soft_muons(draw.n_pileup, rng))
    objects, regions = trigger(pool.collisions, draw, *added)
    return {
        "objects": objects,
        "regions": regions,
        "n_pileup": draw.n_pileup,
        "cross_section": np.array(cross_section),
    }


def trigger(pool: Collisions, draw: Draw, *added: Collisions) -> tuple[NDArray[np.int32], NDArray[np.int16]]:
    """What the level-1 trigger makes of crossings: objects (n, 57) and regions (n, 18, 14).

    The pile-up is drawn from `pool`; collision i of each of `added` takes part in crossing i.
    """
    n_events = len(draw.starts) - 1
    objects = np.zeros((n_events, N_INPUTS), np.int32)
    regions = np.zeros((n_events, *REGION_SHAPE), np.int16)
    nothing = np.zeros(1, np.int64)  # ROOT takes no empty array

    def passed(columns: Collisions | tuple[NDArray[Any], ...]) -> list[NDArray[Any]]:
        return [np.ascontiguousarray(c).ravel() if c.size else nothing.astype(c.dtype) for c in columns]

    arrays = [passed(columns) for columns in (pool, draw, *added)]  # alive until C++ has done its work
    from_pool, overlay = cpp().Collisions(*arrays[0]), cpp().Overlay(n_events, *arrays[1])
    beside = import_root().std.vector[cpp().Collisions]()
    for columns in arrays[2:]:
        beside.push_back(cpp().Collisions(*columns))
    cpp().simulate(from_pool, overlay, beside, objects.ravel(), regions.ravel())
    return objects, regions
