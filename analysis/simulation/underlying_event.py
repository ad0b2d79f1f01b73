"""Underlying event from a pool: multiparton interactions made once and laid over many hard events.

Multiparton interactions take three quarters of Pythia's time. `fast` samples switch them off and add the
particles of a random pool event instead, turned by a random azimuth and mirrored half of the time.
"""

from pathlib import Path

import numpy as np

from analysis.simulation.generator import Generator, Particles, gather, offsets
from analysis.simulation.processes import GeneratedProcess


class InvisibleResonance(GeneratedProcess):
    """A heavy Z' -> neutrinos without initial-state radiation: a hard scale and nothing else visible.

    Pythia cannot leave out the radiation of the resonance alone, the multiparton interactions lose theirs
    too. A regularisation scale of 1.95 instead of 2.28 GeV makes up for it: the number and the momentum of
    soft objects are then those of full QCD events.
    """

    scale: float = 2000
    multiparton_pt0: float = 1.95

    def pythia(self) -> list[str]:
        """The resonance sets the scale, hence the central collision that a hard event is."""
        return [
            "NewGaugeBoson:ffbar2gmZZprime = on",
            "Zprime:gmZmode = 3",
            f"32:m0 = {self.scale}",
            f"32:mMin = {0.9 * self.scale}",
            "32:onMode = off",
            "32:onIfAny = 12 14 16",
            "PartonLevel:ISR = off",
            f"MultipartonInteractions:pT0Ref = {self.multiparton_pt0}",
        ]


class UnderlyingEventPool:
    """Underlying events to draw from; `particles` are ordered by event."""

    def __init__(self, particles: Particles, n_events: int) -> None:
        self.particles = particles
        self.starts = offsets(particles.event, n_events)

    @classmethod
    def generate(
        cls, n_events: int, seed: int, beam_energy: float, settings: tuple[str, ...] = ()
    ) -> "UnderlyingEventPool":
        """Make a pool of `n_events` events with multiparton interactions, and such settings as a tune."""
        generator = Generator(
            InvisibleResonance(beam_energy=beam_energy, pythia_settings=settings), "full", seed
        )
        parts, done = [], 0
        for batch in generator.batches(n_events):
            stable = batch.stable
            parts.append(stable._replace(event=stable.event + done))
            done += batch.n_events
        return cls(Particles.joined(parts), done)

    @classmethod
    def load(cls, path: Path) -> "UnderlyingEventPool":
        """Read a pool written by `save`."""
        with np.load(path) as stored:
            return cls(Particles(*(stored[name] for name in Particles._fields)), int(stored["n_events"]))

    def save(self, path: Path) -> None:
        """Write the pool beside `path`, then rename it: a pool on disk is complete."""
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, n_events=self.starts.size - 1, **self.particles._asdict())
        partial.replace(path)

    def overlay(self, hard: Particles, n_events: int, rng: np.random.Generator) -> Particles:
        """The particles of `n_events` hard events with one random pool event added to each."""
        chosen = rng.integers(self.starts.size - 1, size=n_events)
        turn = rng.uniform(-np.pi, np.pi, n_events)
        mirror = rng.choice([-1.0, 1.0], n_events)
        index, event = gather(self.starts, chosen)
        added = self.particles.select(index)
        phi = np.remainder(added.phi + turn[event] + np.pi, 2 * np.pi) - np.pi
        added = added._replace(
            event=event,
            eta=(added.eta * mirror[event]).astype(np.float32),
            phi=phi.astype(np.float32),
        )
        both = Particles.joined([hard, added])
        return both.select(np.argsort(both.event, kind="stable"))
