"""Collisions to draw pile-up from: a small pool comes with the project, a large one is made once per user.

Hard collisions are rare, and a pool of ordinary ones would run out of them: of 20,000 collisions the hardest
would come back in every 400th crossing of 50. So the pool has strata in the hard scale pT-hat, and one of W
and Z bosons; each crossing draws from every stratum as many as its cross section says. Ordinary collisions
harder than the first stratum are left out: the strata have them.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.simulation.generator import GeneratedBatch, Generator, Particles
from analysis.simulation.level1.processes import RUN_3_ENERGY, Crossing, ZeroBias
from analysis.simulation.level1.towers import Collisions, digitise_collisions
from analysis.simulation.production import SimulationProgress, run_all
from analysis.simulation.recipe import VERSION, packages
from user_cache import cache_directory

EMBEDDED = Path(__file__).parents[2] / "samples" / "level1_collisions.npz"
HARD_SCALES = (20, 50, 100, 200)  # GeV: lower edges in pT-hat
COLLISIONS_PER_PART = 2500  # Pythia takes a second or two to start


class HardCollision(Crossing):
    """Multijet production in a stratum of pT-hat."""

    lowest: float
    highest: float

    def pythia(self) -> list[str]:
        """All 2 -> 2 QCD processes."""
        limits = [f"PhaseSpace:pTHatMin = {self.lowest}", f"PhaseSpace:pTHatMax = {self.highest}"]
        return ["HardQCD:all = on", *limits]


class WeakBoson(Crossing):
    """A W or a Z boson, all decays."""

    def pythia(self) -> list[str]:
        """Z from 50 GeV on: below, the photon takes over."""
        return ["WeakSingleBoson:ffbar2W = on", "WeakSingleBoson:ffbar2gmZ = on", "23:mMin = 50"]


@dataclass(frozen=True)
class PoolRecipe:
    """All that decides the collisions of a pool: how many of each stratum, the beams and the seed.

    The defaults make the large pool.
    """

    ordinary: int = 10_000
    hard: tuple[int, ...] = (3000, 1000, 600, 300)  # for each of HARD_SCALES
    weak: int = 300
    beam_energy: float = RUN_3_ENERGY
    seed: int = 1

    @classmethod
    def small(cls, beam_energy: float = RUN_3_ENERGY) -> "PoolRecipe":
        """The pool that comes with the project."""
        return cls(3000, (900, 400, 300, 200), 200, beam_energy)

    @property
    def strata(self) -> list[tuple[Crossing, int]]:
        """The processes, ordinary collisions first, and how many of each."""
        energy = self.beam_energy
        ranges = zip(HARD_SCALES, (*HARD_SCALES[1:], energy / 2), strict=True)
        hard = [HardCollision(lowest=low, highest=high, beam_energy=energy) for low, high in ranges]
        processes = [ZeroBias(beam_energy=energy), *hard, WeakBoson(beam_energy=energy)]
        return list(zip(processes, (self.ordinary, *self.hard, self.weak), strict=True))

    @property
    def path(self) -> Path:
        """Where the pool is kept, on this machine or in the project."""
        if self == PoolRecipe.small():
            return EMBEDDED
        text = json.dumps([vars(self), HARD_SCALES, VERSION, packages()], sort_keys=True)
        return cache_directory() / f"collisions-{hashlib.sha256(text.encode()).hexdigest()[:12]}.npz"


class Draw(NamedTuple):
    """Which collisions make the pile-up of n crossings: those numbered [starts[i], starts[i + 1])."""

    starts: NDArray[np.int64]
    collision: NDArray[np.int32]
    turn: NDArray[np.uint8]
    mirrored: NDArray[np.uint8]

    @property
    def n_pileup(self) -> NDArray[np.int64]:
        """Number of collisions of each crossing."""
        return np.diff(self.starts)


class CollisionPool:
    """Collisions by stratum: `sizes` of the strata, and their `cross_sections` in pb."""

    def __init__(
        self, collisions: Collisions, sizes: NDArray[np.int64], cross_sections: NDArray[np.float64]
    ) -> None:
        self.collisions, self.sizes, self.cross_sections = collisions, sizes, cross_sections

    @property
    def shares(self) -> NDArray[np.float64]:
        """Part of the inelastic collisions that belongs to each stratum; they add up to one."""
        rare = self.cross_sections[1:] / self.cross_sections[0]
        return np.concatenate([[1 - rare.sum()], rare])

    def draw(self, n_crossings: int, mean: float, turns: int, rng: np.random.Generator) -> Draw:
        """Collisions from every stratum, Poisson-distributed, each turned by some of `turns` towers."""
        counts = rng.poisson(mean * self.shares, (n_crossings, len(self.sizes)))
        stratum = np.repeat(np.tile(np.arange(len(self.sizes)), n_crossings), counts.ravel())
        first = np.cumsum(self.sizes) - self.sizes
        collision = first[stratum] + rng.integers(self.sizes[stratum])
        starts = np.concatenate([[0], np.cumsum(counts.sum(axis=1))])
        turn, mirrored = (rng.integers(top, size=len(stratum), dtype=np.uint8) for top in (turns, 2))
        return Draw(starts, collision.astype(np.int32), turn, mirrored)

    def save(self, path: Path) -> None:
        """Write the pool compactly beside `path`, then rename it: a pool on disk is complete."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.partial.npz")
        columns = self.collisions._asdict()
        columns["tower"] = np.diff(self.collisions.tower, prepend=np.uint16(0))  # small numbers, modulo 2^16
        for name in ("starts", "muon_starts"):
            columns[name] = np.diff(columns[name]).astype(np.uint16)
        np.savez_compressed(partial, sizes=self.sizes, cross_sections=self.cross_sections, **columns)
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> "CollisionPool":
        """Read a pool written by `save`."""
        with np.load(path) as stored:
            columns = {name: stored[name] for name in Collisions._fields}
            sizes, cross_sections = stored["sizes"], stored["cross_sections"]
        columns["tower"] = np.cumsum(columns["tower"], dtype=np.uint16)
        for name in ("starts", "muon_starts"):
            columns[name] = np.concatenate([[0], np.cumsum(columns[name], dtype=np.int64)])
        return cls(Collisions(**columns), sizes, cross_sections)


def prepare_pool(recipe: PoolRecipe, workers: int, progress: SimulationProgress) -> Path:
    """The file of the pool of a recipe, made where it is not kept yet; `progress` gets (done, wanted)."""
    if not recipe.path.exists():
        make_pool(recipe, workers, progress).save(recipe.path)
    return recipe.path


def make_pool(recipe: PoolRecipe, workers: int, progress: SimulationProgress) -> CollisionPool:
    """The collisions of a pool, made anew."""
    tasks = [
        (stratum, part, min(COLLISIONS_PER_PART, size - part * COLLISIONS_PER_PART))
        for stratum, (_, size) in enumerate(recipe.strata)
        for part in range(-(-size // COLLISIONS_PER_PART))
    ]
    done: list[int] = []

    def count(task: int) -> None:
        done.append(task)
        progress(len(done), len(tasks))

    parts = run_all(collide, [(recipe, *task) for task in tasks], workers, count)
    sizes = np.array([size for _, size in recipe.strata])
    strata = np.array([stratum for stratum, _, _ in tasks])
    measured = np.array([cross_section for _, cross_section in parts])
    cross_sections = np.array([measured[strata == stratum].mean() for stratum in range(len(sizes))])
    return CollisionPool(Collisions.joined([collisions for collisions, _ in parts]), sizes, cross_sections)


def collide(recipe: PoolRecipe, stratum: int, part: int, size: int) -> tuple[Collisions, float]:
    """A part of a stratum, and its cross section in pb. Runs in a worker."""
    process, _ = recipe.strata[stratum]
    pythia_seed, detector_seed = np.random.SeedSequence([recipe.seed, stratum, part]).spawn(2)
    generator = Generator(process, "full", int(pythia_seed.generate_state(1)[0]))
    rng = np.random.default_rng(detector_seed)
    parts, n_done = [], 0
    while n_done < size:
        for batch in generator.batches(size - n_done):
            kept = softer(batch, HARD_SCALES[0]) if stratum == 0 else batch
            parts.append(digitise_collisions(kept.stable, kept.n_events, rng))
            n_done += kept.n_events
    return Collisions.joined(parts), generator.cross_section


def softer(batch: GeneratedBatch, hard_scale: float) -> GeneratedBatch:
    """The events of a batch below a hard scale, numbered anew."""
    kept = batch.hard_scale < hard_scale
    number = np.cumsum(kept) - 1

    def renumbered(particles: Particles) -> Particles:
        chosen = particles.select(kept[particles.event])
        return chosen._replace(event=number[chosen.event])

    stable, heavy, quarks = map(renumbered, (batch.stable, batch.heavy_hadrons, batch.quarks))
    return GeneratedBatch(int(kept.sum()), stable, heavy, quarks, batch.hard_scale[kept], batch.weight[kept])
