"""Simulated events: Pythia 8, a parametric detector and AK8 jets, written as canonical columns.

The way of an event: `processes` (what collides) -> `generator` (Pythia) -> `underlying_event` (overlay) ->
`detector` -> `jets` -> `chunks` (one seed) -> `production` (many chunks) -> `merge` (one file).
`columns` is what passes between them.
"""

from analysis.simulation.merge import SimulatedSample
from analysis.simulation.production import simulate

__all__ = ["SimulatedSample", "simulate"]
