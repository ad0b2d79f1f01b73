"""Soft muons beside those of the collisions: decays in flight of pions and kaons, punch-through, and fakes.

Their number and momenta are chosen so that, at a mean pile-up of 50, 19 % of all zero-bias crossings have a
muon and 5 % one above 4 GeV, which is what the input offsets of CMS's deployed AXOL1TL v3 tell
(github.com/cms-hls4ml/AXOL1TL). That data has them forward, where soft muons still reach the chambers.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.simulation.level1.towers import Collisions, digitised_muons

PER_COLLISION = 0.0032
MEAN_PT = 1.7  # GeV, of an exponential
ETA = (1.2, 2.4)  # evenly, on both sides


def soft_muons(n_pileup: NDArray[Any], rng: np.random.Generator) -> Collisions:
    """One collision per crossing that has nothing but muons, from the number of collisions (n,) in each."""
    counts = rng.poisson(PER_COLLISION * n_pileup)
    n = counts.sum()
    eta = rng.uniform(*ETA, n) * rng.choice([-1, 1], n)
    muons = digitised_muons(rng.exponential(MEAN_PT, n), eta, rng.uniform(0, 2 * np.pi, n))
    starts, nothing = np.concatenate([[0], np.cumsum(counts)]), np.zeros(0, np.uint16)
    return Collisions(np.zeros_like(starts), nothing, nothing, nothing, starts, muons)
