"""Simulated bunch crossings as the level-1 trigger sees them.

`towers` digitises single collisions, `pool` makes and keeps many of them, `crossings` lays them over each
other, with `soft_muons`, and lets the trigger look, `production` does so until a file is full. `processes`
says what collides.
"""

from analysis.simulation.level1.processes import PROCESSES
from analysis.simulation.level1.production import Level1Sample, simulate

__all__ = ["PROCESSES", "Level1Sample", "simulate"]
