"""Simulated events: Pythia 8, a parametric detector and AK8 jets, written as canonical columns."""

from typing import Any


def simulate(*arguments: Any, **parameters: Any) -> Any:
    """Generate a sample; see `analysis.simulation.production.simulate`, imported on first use."""
    from analysis.simulation import production

    return production.simulate(*arguments, **parameters)
